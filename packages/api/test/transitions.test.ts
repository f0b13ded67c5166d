import { describeEachEngine, sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { RunTransition } from "../src/events/events.ts";
import { createPlatform, type Platform, type TestPerson } from "./support/platform.ts";

interface Lease {
  run_id: number;
  lease_token: string;
}

interface Stage {
  ann: TestPerson;
  dialog_id: number;
  ask: () => Promise<number>;
  claim: () => Promise<Lease>;
  reports: Platform["worker"]["worker"];
  reap: (change: string, run_id: number) => Promise<void>;
}

const failure = { code: "broken", message: "It broke." };

/** Every arrow of the state machine, and the steps that take it. */
const arrows: { arrow: string; actor: RunTransition["actor"]; take: (stage: Stage) => Promise<unknown> }[] = [
  { arrow: "null -> queued", actor: "person", take: ({ ask }) => ask() },
  {
    arrow: "null -> queued",
    actor: "person",
    take: async ({ ann, ask }) => {
      const run_id = await ask();
      await ann.runs.cancel({ run_id });
      return ann.runs.retry({ run_id });
    },
  },
  { arrow: "queued -> running", actor: "worker", take: async ({ ask, claim }) => [await ask(), await claim()] },
  {
    arrow: "queued -> completed",
    actor: "worker",
    take: async ({ ann, dialog_id, ask }) => {
      await ask();
      return replyTo(ann, dialog_id);
    },
  },
  {
    arrow: "queued -> cancelled",
    actor: "reaper",
    take: async ({ ann, ask }) => ann.runs.cancel({ run_id: await ask() }),
  },
  {
    arrow: "queued -> expired",
    actor: "reaper",
    take: async ({ ask, reap }) => reap("deadline_at = now()", await ask()),
  },
  {
    arrow: "running -> completed",
    actor: "worker",
    take: async ({ ask, claim, reports }) => {
      await ask();
      return reports.complete({ ...(await claim()), text: "yes" });
    },
  },
  {
    arrow: "running -> queued",
    actor: "worker",
    take: async ({ ask, claim, reports }) => {
      await ask();
      return reports.release(await claim());
    },
  },
  {
    arrow: "running -> queued",
    actor: "worker",
    take: async ({ ask, claim, reports }) => {
      await ask();
      return reports.fail({ ...(await claim()), ...failure, retry: true });
    },
  },
  {
    arrow: "running -> queued",
    actor: "reaper",
    take: async ({ ask, claim, reap }) => {
      await ask();
      const { run_id } = await claim();
      return reap("lease_until = now()", run_id);
    },
  },
  {
    arrow: "running -> failed",
    actor: "worker",
    take: async ({ ask, claim, reports }) => {
      await ask();
      return reports.fail({ ...(await claim()), ...failure, retry: false });
    },
  },
  {
    arrow: "running -> failed",
    actor: "reaper",
    take: async ({ ask, claim, reap }) => {
      await ask();
      const { run_id } = await claim();
      return reap("lease_until = now(), max_attempts = attempt", run_id);
    },
  },
  {
    arrow: "running -> cancelled",
    actor: "reaper",
    take: async ({ ann, ask, claim, reap }) => {
      await ask();
      const { run_id } = await claim();
      await ann.runs.cancel({ run_id });
      return reap("cancel_requested_at = now() - interval '1 hour'", run_id);
    },
  },
  {
    arrow: "running -> expired",
    actor: "reaper",
    take: async ({ ask, claim, reap }) => {
      await ask();
      const { run_id } = await claim();
      return reap("deadline_at = now()", run_id);
    },
  },
  {
    arrow: "expired -> completed",
    actor: "worker",
    take: async ({ ask, claim, reap, reports }) => {
      await ask();
      const lease = await claim();
      await reap("deadline_at = now()", lease.run_id);
      return reports.complete({ ...lease, text: "late" });
    },
  },
  {
    arrow: "failed -> completed",
    actor: "worker",
    take: async ({ ask, claim, reports }) => {
      await ask();
      const lease = await claim();
      await reports.fail({ ...lease, ...failure, retry: false });
      return reports.complete({ ...lease, text: "after all" });
    },
  },
];

let platform: Platform;

function replyTo({ userId: user_id }: TestPerson, dialog_id: number): Promise<unknown> {
  return platform.worker.messages.reply({ user_id, dialog_id, text_user: "yes" });
}

describeEachEngine("a transition of a run", (engine) => {
  beforeAll(async () => {
    platform = await createPlatform(engine, { retryBackoffMs: 0, cancelGraceMs: 600_000 });
  });
  afterAll(() => platform.close());
  afterEach(() => platform.database.db.execute(sql`delete from dialogs`));

  const setStage = async (): Promise<Stage> => {
    const ann = await platform.person();
    const dialog_id = (await ann.dialogs.create({ dialog_name: "talk" })).dialog;
    return {
      ann,
      dialog_id,
      ask: async () => (await ann.runs.start({ dialog_id, text_user: "question" })).run_id,
      claim: async () => {
        const [run] = (await platform.worker.worker.claim({ worker: "w", wait_ms: 25_000 })).runs;
        return { run_id: run?.run_id ?? 0, lease_token: run?.lease_token ?? "" };
      },
      reports: platform.worker.worker,
      reap: async (change, run_id) => {
        const before = transitionsOf(run_id).length;
        await platform.database.db.execute(`update runs set ${change} where run_id = ${run_id}`);
        await until("the reaper has been here", () => transitionsOf(run_id).length > before);
      },
    };
  };
  const transitions = (): RunTransition[] => platform.emitted.filter((event) => event.kind === "run_transition");
  const transitionsOf = (runId: number): RunTransition[] => transitions().filter((event) => event.runId === runId);
  const readState = async (runId: number): Promise<string | undefined> =>
    (await platform.statements.followRuns([runId]))[0]?.state;

  it.each(arrows)("$arrow by the $actor is told exactly once", async ({ arrow, actor, take }) => {
    const stage = await setStage();
    platform.emitted.length = 0;
    await take(stage);
    const told = transitions();
    const last = told.at(-1);
    expect(`${String(last?.from)} -> ${String(last?.to)}`).toBe(arrow);
    expect(last?.actor).toBe(actor);
    expect(last).toMatchObject({ dialogId: stage.dialog_id, ownerId: stage.ann.userId });
    // One event for each step, each from where the one before has led, up to the state that is stored.
    const own = transitionsOf(last?.runId ?? 0);
    expect(own.map(({ from }) => from)).toEqual([null, ...own.slice(0, -1).map(({ to }) => to)]);
    expect(await readState(last?.runId ?? 0)).toBe(last?.to);
  });

  it("is not told when a report repeats what is stored", async () => {
    const { ask, claim, reports, ann, dialog_id } = await setStage();
    await ask();
    const lease = await claim();
    await reports.complete({ ...lease, text: "yes" });
    platform.emitted.length = 0;
    await reports.complete({ ...lease, text: "yes" });
    await replyTo(ann, dialog_id);
    expect(transitions()).toEqual([]);
  });

  it("is logged by ids and codes, without a word of question or answer", async () => {
    const { ann, dialog_id, claim, reports } = await setStage();
    await ann.runs.start({ dialog_id, text_user: "canary question" });
    await reports.complete({ ...(await claim()), text: "canary answer" });
    expect(platform.emitted.some((event) => JSON.stringify(event).includes("canary answer"))).toBe(true);
    expect(JSON.stringify(platform.logged)).not.toContain("canary");
    expect(platform.logged.map(({ fields }) => (fields as { event?: string }).event)).toContain("run_completed");
  });
});
