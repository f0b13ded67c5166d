import { callSignal } from "../call-signal.ts";
import type { ClaimedRun } from "../wire.ts";
import { callFailure } from "./call-failure.ts";
import { collectAnswer, type Outcome } from "./collect-answer.ts";
import { deliver, type SendReport } from "./deliver.ts";
import { createDeltaSender } from "./delta-sender.ts";
import { holdLease, type Lease, type LeaseDeps, type LeaseEnd } from "./lease.ts";
import type { FailureReport, WorkerOptions } from "./types.ts";

export interface RunDeps extends LeaseDeps, Pick<WorkerOptions, "answer" | "texts"> {}

/** The report on an unfinished run is sent once and not waited for any longer. */
const giveUpTimeoutMs = 2_000;

interface Work {
  run: ClaimedRun;
  lease: Lease;
  deps: RunDeps;
}

function failReport({ lease, deps }: Work, { code, message, retry }: FailureReport): SendReport {
  return (signal) => deps.client.worker.fail.mutate({ ...lease.key, code, message, retry }, { signal });
}

function outcomeReport(work: Work, outcome: Outcome): SendReport {
  if (outcome.kind === "failure") return failReport(work, outcome.report);
  const { lease, deps } = work;
  const { text, usage } = outcome;
  return (signal) =>
    deps.client.worker.complete.mutate({ ...lease.key, text, ...(usage === undefined ? {} : { usage }) }, { signal });
}

function logOutcome({ run: { run_id, attempt }, deps: { log } }: Work, outcome: Outcome): void {
  if (outcome.kind === "answer") {
    log.info({ event: "run_answered", run_id, attempt }, `Run ${run_id} is answered`);
    return;
  }
  const { code, detail } = outcome.report;
  const fields = { event: "run_failed", run_id, attempt, reason: code, detail };
  log.warn(fields, `Attempt ${attempt} at run ${run_id} failed: ${code} (${detail})`);
}

/** Returns false when the lease ended before the platform took or refused the report. */
async function deliverOutcome(work: Work, outcome: Outcome): Promise<boolean> {
  const { lease, deps } = work;
  if (lease.signal.aborted) return false;
  logOutcome(work, outcome);
  return deliver(outcomeReport(work, outcome), { lease, log: deps.log });
}

/** Tells the platform about a run that stops unfinished. Not repeated: without it the lease simply expires. */
async function giveUp({ run, lease, deps }: Work, why: LeaseEnd): Promise<void> {
  const { run_id } = run;
  const { log, client } = deps;
  log.info({ event: "run_abandoned", run_id, reason: why }, `Run ${run_id} ends unfinished: ${why}`);
  if (why === "lost") return;
  try {
    await client.worker.release.mutate(lease.key, { signal: callSignal(giveUpTimeoutMs) });
  } catch (error) {
    const { code } = callFailure(error);
    log.info({ event: "report_unsent", run_id, reason: code }, `The last report on run ${run_id} failed: ${code}`);
  }
}

/** Works on one claimed run, from the claim to the last report. */
export async function answerRun(run: ClaimedRun, deps: RunDeps): Promise<void> {
  const { run_id, attempt } = run;
  deps.log.info({ event: "run_claimed", run_id, attempt }, `Run ${run_id} is claimed, attempt ${attempt}`);
  const lease = holdLease(run, deps);
  const work = { run, lease, deps };
  const deltas = createDeltaSender({ ...deps, lease });
  try {
    const outcome = await collectAnswer(run, { ...deps, signal: lease.signal, onText: deltas.add });
    await deltas.close();
    const isDelivered = outcome !== null && (await deliverOutcome(work, outcome));
    const ended = lease.ended();
    if (!isDelivered && ended !== null) await giveUp(work, ended);
  } finally {
    lease.close();
  }
}
