import type { Answerer } from "../answerers/answerer.ts";
import { failures, type FailureCode } from "../answerers/failure.ts";
import { languageOf, saidByUser } from "../answerers/language.ts";
import { callSignal, type ClaimedRun } from "../platform/client.ts";
import { troubleOf } from "../platform/trouble.ts";
import { createDeltaStream } from "./delta-stream.ts";
import { deliver, type Report } from "./deliver.ts";
import { holdLease, type Lease, type LeaseDeps, type LeaseEnd } from "./lease.ts";
import { think, type Thought } from "./think.ts";

export interface RunDeps extends LeaseDeps {
  answerer: Answerer;
}

/** A last word is not waited for longer than this. */
const farewellTimeoutMs = 2_000;

interface Work {
  run: ClaimedRun;
  lease: Lease;
  deps: RunDeps;
}

function failReport({ run, lease, deps }: Work, code: FailureCode): Report {
  const { retry, texts } = failures[code];
  const message = texts[languageOf(saidByUser(run.messages))];
  return (signal) => deps.platform.worker.fail.mutate({ ...lease.key, code, message, retry }, { signal });
}

function thoughtReport(work: Work, thought: Thought): Report {
  if (thought.kind === "failure") return failReport(work, thought.code);
  const { lease, deps } = work;
  const { text, usage } = thought;
  return (signal) =>
    deps.platform.worker.complete.mutate({ ...lease.key, text, ...(usage === undefined ? {} : { usage }) }, { signal });
}

function logThought({ run: { run_id, attempt }, deps: { log } }: Work, thought: Thought): void {
  if (thought.kind === "answer") {
    log.info({ event: "run_answered", run_id, attempt }, `Run ${run_id} is answered`);
    return;
  }
  const { code, detail } = thought;
  const fields = { event: "run_failed", run_id, attempt, reason: code, detail };
  log.warn(fields, `Attempt ${attempt} at run ${run_id} failed: ${code} (${detail})`);
}

/** Says goodbye to a run that ended before its work was done. Not tried again: the lease runs out by itself. */
async function takeLeave(work: Work, why: LeaseEnd): Promise<void> {
  const { run, lease, deps } = work;
  const { run_id } = run;
  const { log, platform } = deps;
  log.info({ event: "run_dropped", run_id, reason: why }, `Work on run ${run_id} ends unfinished: ${why}`);
  if (why === "lost") return;
  const release: Report = (signal) => platform.worker.release.mutate(lease.key, { signal });
  const report = why === "cancelled" ? failReport(work, "cancelled") : release;
  try {
    await report(callSignal(farewellTimeoutMs));
  } catch (error) {
    const { code } = troubleOf(error);
    log.info({ event: "farewell_unsent", run_id, reason: code }, `Run ${run_id} could not be given back: ${code}`);
  }
}

/** Works on one claimed run, from the claim to the last report. Never throws. */
export async function answerRun(run: ClaimedRun, deps: RunDeps): Promise<void> {
  const { run_id, attempt } = run;
  deps.log.info({ event: "run_claimed", run_id, attempt }, `Run ${run_id} is claimed, attempt ${attempt}`);
  const lease = holdLease(run, deps);
  const work = { run, lease, deps };
  const stream = createDeltaStream({ ...deps, lease });
  try {
    const thought = await think(run, { ...deps, signal: lease.signal, onText: stream.add });
    await stream.close();
    if (lease.ended() === null) logThought(work, thought);
    const settled = await deliver(thoughtReport(work, thought), { lease, log: deps.log });
    const ended = lease.ended();
    if (!settled && ended !== null) await takeLeave(work, ended);
  } finally {
    lease.close();
  }
}
