import { limits } from "@deepbot/contract";
import type { Reply } from "../support/http.ts";
import type { ClaimedRun } from "../workers/worker.ts";
import type { RunBody } from "../watching/watcher.ts";
import {
  addRun,
  chooseClaimed,
  endCancelled,
  giveSign,
  isOpen,
  keepStreamed,
  openRunOf,
  queueAgain,
  queueOf,
  runsOf,
  storeAnswer,
  textOf,
  tokenOf,
  type Model,
  type ModelRun,
} from "./model.ts";
import type { Request } from "./requests.ts";

/** The reply that the model expects. */
export interface Expected {
  status: number;
  /** Code of the problem document. */
  code?: string;
  /** Further fields of the body. */
  fields?: Record<string, unknown>;
  /** The run that the body shows. */
  run?: ModelRun;
  /** The runs that a claim returns, in order. */
  claimed?: ModelRun[];
}

type Of<K extends Request["kind"]> = Extract<Request, { kind: K }>;

const ok = (fields: Record<string, unknown> = {}): Expected => ({ status: 200, fields });
const refusal = (status: number, code: string, fields: Record<string, unknown> = {}): Expected => ({
  status,
  code,
  fields,
});
const noRun = refusal(404, "run_not_found");

function awaited(run: ModelRun): Expected {
  return refusal(409, "answer_awaited", { run_id: run.runId });
}

function send(model: Model, request: Of<"send">, reply: Reply): Expected {
  const { dialogId, clientMessageId, text } = request;
  const messages = model.dialogs.get(dialogId);
  if (messages === undefined) return refusal(404, "dialog_not_found");
  const same = runsOf(model, dialogId).findLast((run) => run.clientMessageId === clientMessageId);
  if (same !== undefined) {
    if (messages[same.question]?.content !== text) return refusal(422, "client_message_id_reused");
    return { status: 202, run: same };
  }
  const open = openRunOf(model, dialogId);
  if (open !== undefined) return awaited(open);
  const { run_id: runId = 0 } = (reply.body ?? {}) as Partial<RunBody>;
  const question = messages.push({ role: "user", content: text, partial: false }) - 1;
  addRun(model, { runId, dialogId, question, clientMessageId });
  const run = model.runs.get(runId);
  return { status: 202, ...(run === undefined ? {} : { run }) };
}

/** While a worker serves an assistant, fallback workers get none of its runs. */
function claim(model: Model, { max, isFallback, confirms }: Of<"claim">, reply: Reply): Expected {
  const given = ((reply.body ?? {}) as { runs?: ClaimedRun[] }).runs ?? [];
  const queue = queueOf(model, isFallback ? "unserved" : "served").filter((run) => !run.isBackingOff);
  const claimed = chooseClaimed(queue, { max, givenIds: given.map(({ run_id: runId }) => runId) });
  for (const run of claimed) {
    run.state = "running";
    run.attempt += 1;
    run.epoch += 1;
    run.isConfirmed = !confirms;
    run.pieces = [];
    run.error = null;
    run.tokens.push(given.find(({ run_id: runId }) => runId === run.runId)?.lease_token ?? "");
  }
  return { status: 200, claimed };
}

/** Why a report is refused; undefined when its worker holds the lease. */
function refused(run: ModelRun | undefined, token: string): Expected | undefined {
  if (run === undefined) return noRun;
  if (tokenOf(run) !== token) return refusal(409, run.epoch > 1 ? "lease_taken" : "lease_token_wrong");
  if (run.state === "running") return undefined;
  return isOpen(run) ? refusal(409, "lease_expired") : refusal(409, "run_ended", { state: run.state });
}

function append(run: ModelRun, { seq, text }: Of<"append">): Expected {
  giveSign(run);
  if (seq > run.pieces.length + 1) return refusal(409, "delta_gap", { last_seq: run.pieces.length });
  if (seq === run.pieces.length + 1) {
    if (Buffer.byteLength(textOf(run) + text) > limits.answerMaxBytes) return refusal(422, "answer_too_long");
    run.pieces.push(text);
  }
  if (run.pieces[seq - 1] !== text) return refusal(409, "seq_conflict", { seq });
  return ok({ cancel_requested: run.cancelRequested });
}

/** A run that ended without an answer accepts a late one as long as its question is the last message. */
function isHealable(model: Model, run: ModelRun): boolean {
  const isLast = model.dialogs.get(run.dialogId)?.length === run.question + 1;
  return ["failed", "expired"].includes(run.state) && isLast && openRunOf(model, run.dialogId) === undefined;
}

function complete(model: Model, { runId, token, text }: Of<"complete">): Expected {
  const run = model.runs.get(runId);
  const isOwn = run !== undefined && tokenOf(run) === token;
  const answer = text ?? (run === undefined || run.pieces.length === 0 ? null : textOf(run));
  const mayAnswer = isOwn && isHealable(model, run) && answer !== null;
  const isRepeat = isOwn && run.state === "completed" && (text === null || run.answer === text);
  const no = mayAnswer || isRepeat ? undefined : refused(run, token);
  if (no !== undefined || run === undefined) return no ?? noRun;
  if (answer === null && !isRepeat) return refusal(422, "answer_missing");
  if (!isRepeat) {
    run.state = "completed";
    run.error = null;
    storeAnswer(model, run, { text: answer ?? "", partial: false });
  }
  return ok({ state: "completed" });
}

function fail(model: Model, run: ModelRun, request: Of<"fail">): Expected {
  if (run.cancelRequested) endCancelled(model, run);
  else {
    run.error = "gave_up";
    run.isBackingOff = true;
    const isFinal = !request.retry || run.attempt >= model.maxAttempts;
    if (!isFinal) queueAgain(run);
    else {
      run.state = "failed";
      if (!request.discard) keepStreamed(model, run);
    }
  }
  return ok({ state: run.state, attempts_left: run.state === "queued" ? model.maxAttempts - run.attempt : 0 });
}

function release(model: Model, run: ModelRun): Expected {
  run.attempt -= 1;
  queueAgain(run);
  if (run.cancelRequested) endCancelled(model, run);
  return ok({ state: run.state });
}

function cancel(model: Model, run: ModelRun): Expected {
  if (isOpen(run)) run.cancelRequested = true;
  if (run.state === "queued") endCancelled(model, run);
  return { status: 200, run };
}

function retry(model: Model, run: ModelRun, reply: Reply): Expected {
  const open = openRunOf(model, run.dialogId);
  if (open !== undefined) return awaited(open);
  const isLast = runsOf(model, run.dialogId).at(-1) === run;
  if (!isLast || run.state === "completed") return refusal(409, "run_not_retryable");
  const { run_id: runId = 0 } = (reply.body ?? {}) as Partial<RunBody>;
  const { dialogId, question, clientMessageId } = run;
  addRun(model, { runId, dialogId, question, clientMessageId });
  const again = model.runs.get(runId);
  return { status: 202, ...(again === undefined ? {} : { run: again }) };
}

function remove(model: Model, { dialogId }: Of<"delete">): Expected {
  if (!model.dialogs.delete(dialogId)) return refusal(404, "dialog_not_found");
  for (const { runId } of runsOf(model, dialogId)) model.runs.delete(runId);
  return ok({ server: "ok" });
}

function report(model: Model, request: Of<"heartbeat" | "append" | "fail" | "release">): Expected {
  const run = model.runs.get(request.runId);
  const no = refused(run, request.token);
  if (no !== undefined || run === undefined) return no ?? noRun;
  switch (request.kind) {
    case "heartbeat":
      giveSign(run);
      return ok({ cancel_requested: run.cancelRequested });
    case "append":
      return append(run, request);
    case "fail":
      return fail(model, run, request);
    case "release":
      return release(model, run);
  }
}

function onRun(model: Model, { kind, runId }: Of<"get" | "cancel" | "retry">, reply: Reply): Expected {
  const run = model.runs.get(runId);
  if (run === undefined) return noRun;
  if (kind === "cancel") return cancel(model, run);
  return kind === "retry" ? retry(model, run, reply) : { status: 200, run };
}

/** Applies one request to the model, which takes ids and tokens from the reply. @returns the expected reply */
export function step(model: Model, request: Request, reply: Reply): Expected {
  switch (request.kind) {
    case "send":
      return send(model, request, reply);
    case "claim":
      return claim(model, request, reply);
    case "complete":
      return complete(model, request);
    case "delete":
      return remove(model, request);
    case "get":
    case "cancel":
    case "retry":
      return onRun(model, request, reply);
    case "heartbeat":
    case "append":
    case "fail":
    case "release":
      return report(model, request);
  }
}
