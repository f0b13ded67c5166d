import { setTimeout as delay } from "node:timers/promises";
import { sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import * as fc from "fast-check";
import type { Inspector } from "../cluster/database.ts";
import { findStoredFault } from "./compare.ts";
import { linearize } from "./linearize.ts";
import type { Model } from "./model.ts";
import { makeRequest, racers, stages, type Raced, type Racer, type Stage } from "./stages.ts";
import { awaitPassing, moveTime, type Passing } from "./time.ts";
import { checkRequest, tryCase, type World } from "./world.ts";

/** Zero, or long enough for a request to reach its first statement before the next one starts. */
const headStartsMs = [0, 0, 3] as const;

/** The reaper ends what a request could not, because another one held the row at that moment. */
const reaperLimitMs = 3_000;

interface Race {
  stage: Stage;
  /** The racing requests, each with its replica. */
  lanes: { racer: Racer; replica: number }[];
  /** Whether the dialog's row is locked until all requests have started, so that every statement reads before any writes. */
  isHeld: boolean;
  headStartMs: (typeof headStartsMs)[number];
}

async function passTime(world: World, model: Model, passing: Passing): Promise<void> {
  const [run] = model.runs.values();
  if (run === undefined) return;
  const { inspector } = world.scene.cluster;
  await moveTime(inspector, run.runId, passing);
  await world.call({ kind: "get", runId: run.runId }, 0);
  await awaitPassing(inspector, model, { run, passing });
}

async function setStage(world: World, model: Model, stage: Stage): Promise<void> {
  for (const name of stages[stage]) {
    if (name === "deadline" || name === "lease") await passTime(world, model, name);
    else await checkRequest(world, model, { request: makeRequest(model, name), replica: 0 });
  }
}

/** Number of connections that wait for a lock. */
async function countBlocked(inspector: Inspector): Promise<number> {
  const rows = await inspector.rows(sql`
    select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
  return rows.length;
}

/** Locks the dialog's row during `during`, until every request waits for the row or has finished without it. */
async function holdDialog(
  inspector: Inspector,
  dialogId: number | undefined,
  { during, countFree }: { during: () => Promise<void>; countFree: () => number },
): Promise<void> {
  await inspector.db.transaction(async (tx) => {
    await tx.execute(sql`select 1 from dialogs where dialog_id = ${dialogId} for update`);
    await during();
    await until(
      "each request has come to the row that is held",
      async () => countFree() <= (await countBlocked(inspector)),
    );
  });
}

/** Sends all requests in the scheduler's order. How they overlap depends on the machine. */
async function runLanes(
  world: World,
  model: Model,
  { race, scheduler }: { race: Race; scheduler: fc.Scheduler },
): Promise<Raced[]> {
  const raced: Promise<Raced>[] = [];
  let onTheWay = race.lanes.length;
  for (const { racer, replica } of race.lanes) {
    const request = makeRequest(model, racer);
    const builder = async (): Promise<void> => {
      const sent = world.call(request, replica).then((reply) => {
        onTheWay -= 1;
        return { request, reply };
      });
      raced.push(sent);
      if (race.headStartMs > 0) await delay(race.headStartMs);
    };
    scheduler.scheduleSequence([{ builder, label: request.kind }]);
  }
  const during = (): Promise<void> => scheduler.waitAll();
  const { inspector } = world.scene.cluster;
  if (race.isHeld) await holdDialog(inspector, model.dialogIds[0], { during, countFree: () => onTheWay });
  else await during();
  return Promise.all(raced);
}

/** @throws when no order explains the replies, or no such order explains what is stored */
async function checkRace(world: World, model: Model, raced: readonly Raced[]): Promise<void> {
  const reached = linearize(model, raced);
  const told = raced.map(
    ({ request, reply }) => `${JSON.stringify(request)} -> ${reply.status} ${JSON.stringify(reply.body)}`,
  );
  if (reached.length === 0) throw new Error(`No order explains: ${told.join(" | ")}`);
  let fault: string | undefined;
  const isRight = async (): Promise<boolean> => {
    fault = await findStoredFault(world.scene.cluster.inspector, reached);
    return fault === undefined;
  };
  await until("the database agrees", isRight, reaperLimitMs).catch(() => {
    throw new Error(`After ${told.join(" | ")} ${fault}`);
  });
}

const anyRace: fc.Arbitrary<Race> = fc.record({
  stage: fc.constantFrom(...(Object.keys(stages) as Stage[])),
  lanes: fc.array(fc.record({ racer: fc.constantFrom(...racers), replica: fc.nat(2) }), { minLength: 2, maxLength: 3 }),
  isHeld: fc.boolean(),
  headStartMs: fc.constantFrom(...headStartsMs),
});

/** A retry meets a late answer: each statement reads before the other writes. */
const lateAnswers = (["failed", "expired"] as const).map((stage): Race => ({
  stage,
  lanes: [
    { racer: "complete", replica: 0 },
    { racer: "retry", replica: 1 },
  ],
  isHeld: true,
  headStartMs: 3,
}));

/** Three workers claim one run at three replicas. No lock can align them, so the race is repeated. */
const claims = Array.from({ length: 10 }, (): Race => ({
  stage: "queued",
  lanes: [0, 1, 2].map((replica) => ({ racer: "claim", replica })),
  isHeld: false,
  headStartMs: 0,
}));

function tryRace(world: World, race: Race, scheduler: fc.Scheduler): Promise<void> {
  return tryCase(world, ["served"], async (model) => {
    await setStage(world, model, race.stage);
    await checkRace(world, model, await runLanes(world, model, { race, scheduler }));
  });
}

/** Runs races that random choices rarely produce. @returns the failures */
export async function tryRareRaces(world: World): Promise<string[]> {
  const faults: string[] = [];
  for (const race of [...lateAnswers, ...claims]) {
    const order = race.lanes.map((_, index) => index + 1);
    await tryRace(world, race, fc.schedulerFor(order)).catch((error: unknown) => {
      faults.push(`${JSON.stringify(race)}: ${String(error)}`);
    });
  }
  return faults;
}

/** Two or three concurrent requests have the same effect as the same requests in some order. */
export function racesProperty(world: World): fc.IAsyncProperty<[Race, fc.Scheduler]> {
  return fc.asyncProperty(anyRace, fc.scheduler(), (race, scheduler) => tryRace(world, race, scheduler));
}
