import { setTimeout as delay } from "node:timers/promises";
import { createDialog, newQuestion, send, signIn, type Member, type PeopleDeps } from "./people.ts";
import { watchRun } from "../watching/watcher.ts";

export interface LoadReport {
  sent: number;
  resumes: number;
  /** Of all runs that ended, by state. */
  states: Map<string, number>;
  /** From the send to the end event. */
  latenciesMs: number[];
}

export interface Load {
  report: LoadReport;
  /** When the last run ended, on the clock of `performance`. */
  lastEndAt: () => number;
  /** Waits for the questions in progress. */
  stop: () => Promise<LoadReport>;
}

/** People who ask, watch the answer and ask again, each in a dialog of their own. */
export async function startLoad(deps: PeopleDeps, options: { people: number; pauseMs: number }): Promise<Load> {
  const report: LoadReport = { sent: 0, resumes: 0, states: new Map(), latenciesMs: [] };
  const stopping = new AbortController();
  let lastEndAt = performance.now();

  const askOnce = async (member: Member, dialogId: number): Promise<void> => {
    const startedAt = performance.now();
    const run = await send(deps, newQuestion(deps, member, dialogId));
    if (run === undefined) {
      await delay(500);
      return;
    }
    report.sent += 1;
    const watched = await watchRun({
      ...deps.retrying,
      cookie: member.cookie,
      runId: run.run_id,
      mayMissPieces: deps.ledger.mayLoseDeltas,
    });
    deps.ledger.faults.push(...watched.faults.map((fault) => `I5 ${fault}`));
    report.resumes += watched.resumes;
    report.states.set(watched.run.state, (report.states.get(watched.run.state) ?? 0) + 1);
    lastEndAt = performance.now();
    report.latenciesMs.push(lastEndAt - startedAt);
  };
  const live = async (): Promise<void> => {
    const member = await signIn(deps);
    const dialogId = await createDialog(deps, member);
    while (!stopping.signal.aborted) {
      await askOnce(member, dialogId);
      await delay(deps.random.whole(0, options.pauseMs * 2));
    }
  };
  const lives = Array.from({ length: options.people }, () =>
    live().catch((error: unknown) => void deps.ledger.faults.push(String(error))),
  );
  await delay(1);
  return {
    report,
    lastEndAt: () => lastEndAt,
    stop: async () => {
      stopping.abort();
      await Promise.all(lives);
      return report;
    },
  };
}
