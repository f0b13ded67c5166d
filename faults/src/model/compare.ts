import { isDeepStrictEqual } from "node:util";
import { findViolations, sql } from "@deepbot/db/testing";
import type { Inspector } from "../cluster/database.ts";
import type { Reply } from "../support/http.ts";
import type { ClaimedRun } from "../workers/worker.ts";
import { isOpen, textOf, tokenOf, type Model, type ModelRun } from "./model.ts";
import { confirmMs, longMs } from "./requests.ts";
import type { Expected } from "./steps.ts";

const show = (value: unknown): string => JSON.stringify(value);

/** The run as replies show it, without message ids and timestamps. */
function shownRun(run: ModelRun): Record<string, unknown> {
  const { runId, dialogId, state, attempt, cancelRequested, answer, error } = run;
  const text = isOpen(run) ? textOf(run) : null;
  return { run_id: runId, dialog_id: dialogId, state, attempt, cancel_requested: cancelRequested, text, answer, error };
}

function readRun(body: Record<string, unknown>): Record<string, unknown> {
  const { run_id, dialog_id, state, attempt, cancel_requested, text } = body;
  const answer = (body["answer"] as { content: string } | null)?.content ?? null;
  const error = (body["error"] as { code: string } | null)?.code ?? null;
  return { run_id, dialog_id, state, attempt, cancel_requested, text, answer, error };
}

function findClaimFault(model: Model, claimed: readonly ModelRun[], runs: readonly ClaimedRun[]): string | undefined {
  const wanted = claimed.map((run) => ({
    run_id: run.runId,
    dialog_id: run.dialogId,
    attempt: run.attempt,
    messages: model.dialogs
      .get(run.dialogId)
      ?.slice(0, run.question + 1)
      .map(({ role, content }) => ({ role, content })),
  }));
  const got = runs.map(({ run_id, dialog_id, attempt, messages }) => ({
    run_id,
    dialog_id,
    attempt,
    messages: messages.map(({ role, content }) => ({ role, content })),
  }));
  return isDeepStrictEqual(got, wanted) ? undefined : `gave ${show(got)}, expected ${show(wanted)}`;
}

/** How a reply differs from the model; undefined when it does not. */
export function findReplyFault(model: Model, expected: Expected, reply: Reply): string | undefined {
  const body = (reply.body ?? {}) as Record<string, unknown>;
  const { status, code, fields = {}, run, claimed } = expected;
  const wanted = { status, ...(code === undefined ? {} : { code }), ...fields };
  const got = { ...Object.fromEntries(Object.keys(wanted).map((key) => [key, body[key]])), status: reply.status };
  if (!isDeepStrictEqual(got, wanted)) return `gave ${reply.status} ${show(body)}, expected ${show(wanted)}`;
  if (run !== undefined && !isDeepStrictEqual(readRun(body), shownRun(run))) {
    return `showed ${show(readRun(body))}, expected ${show(shownRun(run))}`;
  }
  return claimed && findClaimFault(model, claimed, (body["runs"] ?? []) as ClaimedRun[]);
}

interface StoredDialog {
  id: number;
  busy: boolean;
  messages: unknown[];
  runs: unknown[];
}

function storedByModel(model: Model): StoredDialog[] {
  return Array.from(model.dialogs, ([id, messages]) => {
    const runs = [...model.runs.values()].filter((run) => run.dialogId === id);
    return {
      id,
      busy: runs.some(isOpen),
      messages: messages.map(({ role, content, partial }, index) => ({ seq: index + 1, role, content, partial })),
      runs: runs.map((run) => ({
        id: run.runId,
        state: run.state,
        attempt: run.attempt,
        epoch: run.epoch,
        question: run.question + 1,
        answer: run.answer,
        error: run.error,
        cancelRequested: run.cancelRequested,
        token: tokenOf(run) ?? null,
        text: isOpen(run) ? textOf(run) : null,
        isDeadlineNear: isOpen(run) ? run.isDeadlineNear : null,
        isLeaseShort: run.state === "running" ? !run.isConfirmed : null,
      })),
    };
  });
}

function readStored(inspector: Inspector, dialogIds: readonly number[]): Promise<StoredDialog[]> {
  return inspector.rows<StoredDialog>(sql`
    select dialog_id::float8 as id, status_flag as busy,
      coalesce((
        select json_agg(json_build_object(
          'seq', seq, 'role', case user_id when 1 then 'bot' else 'user' end, 'content', content, 'partial', partial
        ) order by seq)
        from messages where messages.dialog_id = dialogs.dialog_id
      ), '[]') as messages,
      coalesce((
        select json_agg(json_build_object(
          'id', run_id, 'state', state, 'attempt', attempt, 'epoch', epoch, 'question', question.seq,
          'answer', answer.content, 'error', error_code, 'cancelRequested', cancel_requested_at is not null,
          'token', lease_token, 'text', case when ended_at is null then coalesce((
            select string_agg(text, '' order by seq) from run_deltas
            where run_deltas.run_id = runs.run_id and run_deltas.epoch = runs.epoch
          ), '') end,
          'isLeaseShort', case when state = 'running'
            then lease_until < now() + ${(confirmMs + longMs) / 2}::float8 * interval '1 millisecond' end,
          'isDeadlineNear', case when ended_at is null
            then deadline_at < now() + ${longMs / 2}::float8 * interval '1 millisecond' end
        ) order by run_id)
        from runs join messages as question on question.message_id = question_id
          left join messages as answer on answer.message_id = answer_id
        where runs.dialog_id = dialogs.dialog_id
      ), '[]') as runs
    from dialogs
    where dialog_id in (select value::bigint from json_array_elements_text(${show(dialogIds)}::json))
    order by dialog_id`);
}

/** How the database differs from the model, or which invariant it breaks; undefined when neither. */
export async function findStoredFault(inspector: Inspector, models: readonly Model[]): Promise<string | undefined> {
  const violations = await findViolations(inspector.db);
  const broken = Object.entries(violations).filter(([, dialogs]) => dialogs.length > 0);
  if (broken.length > 0) return `the database breaks ${show(broken)}`;
  const stored = await readStored(inspector, models[0]?.dialogIds ?? []);
  const wanted = models.map((model) => storedByModel(model).toSorted((a, b) => a.id - b.id));
  if (wanted.some((dialogs) => isDeepStrictEqual(stored, dialogs))) return undefined;
  return `the database holds ${show(stored)}, expected ${wanted.map(show).join(" or ")}`;
}
