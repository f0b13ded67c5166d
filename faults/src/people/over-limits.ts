import { setTimeout as delay } from "node:timers/promises";
import { sql } from "@deepbot/db/testing";
import type { Inspector } from "../cluster/database.ts";
import { callAny, callOnce, type Reply } from "../support/http.ts";
import { watchRun, type RunBody } from "../watching/watcher.ts";
import { createDialog, enter, newQuestion, sendCall, signIn, type Member, type PeopleDeps } from "./people.ts";

/** How often limits let something pass and refused it. */
export interface LimitReport {
  asked: number;
  questionsRefused: number;
  exported: number;
  exportsRefused: number;
}

export interface LimitTesters {
  /** Checks what the limits let pass. */
  stop: () => Promise<LimitReport>;
}

export interface LimitDeps extends PeopleDeps {
  inspector: Inspector;
  fault: (text: string) => void;
}

/** Questions that a person may send before they are refused, and how many more are granted after that. */
const questionsAtOnce = 5;
/** Pause after a refusal. */
const pauseMs = 300;

/** Setting of the server where people export. */
export const exportsPerHour = 5;

/** A limit refuses with its code, and says when to try again. */
function judgeRefusal({ fault }: LimitDeps, reply: Reply, code: string): void {
  const given = (reply.body as { code?: string } | null)?.code;
  const isRight = reply.status === 429 && given === code && Number(reply.retryAfter) > 0;
  if (!isRight) fault(`a limit refused with ${reply.status} ${given}, Retry-After ${reply.retryAfter}, not ${code}`);
}

async function grantQuestions({ inspector }: LimitDeps, { userId }: Member): Promise<void> {
  await inspector.rows(sql`
    update users set questions_per_day = coalesce(questions_per_day, 0) + ${questionsAtOnce} where user_id = ${userId}`);
}

/** Whoever is refused has stored as many questions as they may, and each was counted once. */
async function judgeQuestions({ inspector, fault }: LimitDeps, { userId }: Member): Promise<void> {
  const [row] = await inspector.rows<{ used: number; stored: number; quota: number }>(sql`
    select questions_per_day as quota,
      (select sum(questions)::float8 from usage_daily where usage_daily.user_id = users.user_id) as used,
      (select count(*)::float8 from messages where messages.user_id = users.user_id) as stored
    from users where user_id = ${userId}`);
  const isRight = row !== undefined && row.stored === row.quota && row.used === row.stored;
  if (!isRight) fault(`the quota was not met when it refused: ${JSON.stringify(row)}`);
}

/** Asks until the quota of the day is used up, again and again. */
async function askBeyond(deps: LimitDeps, stopping: AbortSignal, report: LimitReport): Promise<void> {
  const member = await signIn(deps);
  const dialogId = await createDialog(deps, member);
  await grantQuestions(deps, member);
  while (!stopping.aborted) {
    const question = newQuestion(deps, member, dialogId);
    const reply = await callAny<RunBody>(deps.retrying, sendCall(question));
    if (reply.status === 202) {
      report.asked += 1;
      enter(deps.ledger, question, reply.body);
      await watchRun({ ...deps.retrying, cookie: member.cookie, runId: reply.body.run_id });
    } else {
      report.questionsRefused += 1;
      judgeRefusal(deps, reply, "quota_exceeded");
      await judgeQuestions(deps, member);
      await delay(pauseMs);
      await grantQuestions(deps, member);
    }
  }
}

/** Exports at one server more often than it allows. */
async function exportBeyond(
  deps: LimitDeps,
  { url, stopping }: { url: string; stopping: AbortSignal },
  report: LimitReport,
): Promise<void> {
  const { cookie } = await signIn(deps);
  while (!stopping.aborted) {
    const reply = await callOnce(url, { method: "GET", path: "/me/export", cookie });
    if (reply.status === 200) report.exported += 1;
    else if (reply.status === 429) {
      report.exportsRefused += 1;
      judgeRefusal(deps, reply, "too_many_requests");
    }
    await delay(pauseMs);
  }
  if (report.exported > exportsPerHour) deps.fault(`${report.exported} exports passed, ${exportsPerHour} are allowed`);
}

/** People who go on until a limit refuses them. @param url of a server with {@link exportsPerHour} that runs all the time */
export function startLimitTesters(deps: LimitDeps, url: string): LimitTesters {
  const stopping = new AbortController();
  const { signal } = stopping;
  const report: LimitReport = { asked: 0, questionsRefused: 0, exported: 0, exportsRefused: 0 };
  const lives = [askBeyond(deps, signal, report), exportBeyond(deps, { url, stopping: signal }, report)].map((life) =>
    life.catch((error: unknown) => deps.fault(String(error))),
  );
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(lives);
      if (report.questionsRefused === 0 || report.exportsRefused === 0) deps.fault("no limit was reached");
      return report;
    },
  };
}
