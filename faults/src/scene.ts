import type { Cluster } from "./cluster/cluster.ts";
import type { Ledger } from "./judging/ledger.ts";
import { startLoad, type Load } from "./people/load.ts";
import { createDialog, signIn, type Member, type PeopleDeps } from "./people/people.ts";
import type { Random } from "./support/random.ts";
import { startWorkers, type WorkerHabits, type WorkerPool } from "./workers/worker.ts";

/** A failing case of a property, to be run again. */
export interface Replay {
  part: "commands" | "races";
  path: string;
  /** Which of the commands were run. */
  commandPath?: string;
}

/** Everything that a scenario works with. */
export interface Scene extends PeopleDeps {
  cluster: Cluster;
  random: Random;
  ledger: Ledger;
  isFull: boolean;
  replay: Replay | undefined;
  /** How often to inject the fault. Noted for the report. */
  rounds: (counts: { full: number; ci: number }) => number;
  /** Records how long the recovery took. */
  recovered: (ms: number) => void;
  /** Adds a figure to the line of the report. */
  note: (text: string) => void;
  /** Records a broken promise. */
  fault: (text: string) => void;
}

export interface Scenario {
  /** As in the list of faults. */
  id: string;
  name: string;
  /** It judges memory or rates, so that nothing else may run beside it. */
  measures?: true;
  run: (scene: Scene) => Promise<void>;
}

/** Signs a new person in and creates a dialog. */
export async function newcomer(scene: PeopleDeps): Promise<{ member: Member; dialogId: number }> {
  const member = await signIn(scene);
  return { member, dialogId: await createDialog(scene, member) };
}

/** Starts well-behaved workers inside the harness. */
export function employ(scene: Scene, count: number, habits: Partial<WorkerHabits> = {}): WorkerPool {
  const usual = { name: "good", leaseMs: 5_000, pieces: 4, pauseMs: 15, max: 2 };
  return startWorkers(scene.retrying, count, { ...usual, ...habits });
}

/** People and good workers, for as long as `during` takes. */
export async function underLoad(
  scene: Scene,
  options: { people: number; workers?: number; habits?: Partial<WorkerHabits>; pauseMs?: number },
  during: (load: Load) => Promise<void>,
): Promise<void> {
  const workers = employ(scene, options.workers ?? 3, options.habits);
  const load = await startLoad(scene, { people: options.people, pauseMs: options.pauseMs ?? 50 });
  try {
    await during(load);
  } finally {
    const { sent, resumes, states } = await load.stop();
    await workers.stop();
    const ends = Array.from(states, ([state, count]) => `${state} ${count}`).join(", ");
    scene.note(`${sent} sent (${ends}), ${resumes} resumes`);
  }
}

/** How long `work` takes, in milliseconds. @throws when it fails */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
