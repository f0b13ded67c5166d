import { cpuMsOf, cpuMsOfFamily } from "../measure/processes.ts";
import { boundRow, ratioRow, type Row } from "../row.ts";
import type { Memory } from "../subject.ts";
import { takeTurns, withStands, type Bench, type Stand } from "../stand.ts";
import { setTimeout as delay } from "node:timers/promises";
import { until } from "@deepbot/testing";

const name = "waiters";

const settleMs = 250;
const settledBytes = 256 * 1024;

interface Idle {
  kilobytesEach: number;
  statementsPerSecond: number;
  serverCpu: number;
  postgresCpu: number;
}

async function countOpenRuns({ database }: Stand): Promise<number> {
  const [row] = await database.sql<{ open: string }[]>`select count(*) as open from runs where ended_at is null`;
  return Number(row?.open ?? 0);
}

/** Once what went before has been let go of: memory that does not change any more. */
async function settledMemory(stand: Stand): Promise<Memory> {
  let last = await stand.memory();
  const look = async (): Promise<Memory | false> => {
    await delay(settleMs);
    const before = last;
    last = await stand.memory();
    return Math.abs(last.used - before.used) < settledBytes && last;
  };
  return until("the memory settles", look, 60_000);
}

/** What it costs that so many people wait, while nothing happens for `ms`. */
async function measureIdle(bench: Bench, stand: Stand, { count, ms }: { count: number; ms: number }): Promise<Idle> {
  const people = await stand.database.addPeople(count);
  const before = await settledMemory(stand);
  await bench.client.run({ kind: "wait", port: stand.port, people });
  await until("everybody waits", async () => (await countOpenRuns(stand)) === count, 60_000);
  const waiting = await stand.memory();
  const statements = await stand.database.statements();
  const cpu = [cpuMsOf(stand.pid), cpuMsOfFamily(bench.postgres.pid())];
  await delay(ms);
  const cpuAfter = [cpuMsOf(stand.pid), cpuMsOfFamily(bench.postgres.pid())];
  // One of them is the question of how many there are.
  const asked = (await stand.database.statements()) - statements - 1;
  await bench.client.release();
  await stand.database.sql`delete from dialogs where status_flag`;
  const share = (index: number): number => (((cpuAfter[index] ?? 0) - (cpu[index] ?? 0)) / ms) * 100;
  return {
    kilobytesEach: (waiting.used - before.used) / count / 1024,
    statementsPerSecond: (asked * 1000) / ms,
    serverCpu: share(0),
    postgresCpu: share(1),
  };
}

function rowsOf(count: number, ours: readonly Idle[], floor: readonly Idle[]): Row[] {
  const what = (text: string): string => `${count}: ${text}`;
  const of = (turns: readonly Idle[], key: keyof Idle): number[] => turns.map((turn) => turn[key]);
  const over = ours.map(({ kilobytesEach }, round) => kilobytesEach - (floor[round]?.kilobytesEach ?? Number.NaN));
  return [
    ratioRow({
      case: name,
      what: what("memory each"),
      unit: "kB",
      against: "floor",
      ours: of(ours, "kilobytesEach"),
      reference: of(floor, "kilobytesEach"),
    }),
    boundRow({ case: name, what: what("memory each over floor"), unit: "kB", ours: over, goal: { atMost: 25 } }),
    boundRow({
      case: name,
      what: what("statements"),
      unit: "/s",
      ours: of(ours, "statementsPerSecond"),
      goal: { atMost: 2 },
    }),
    ratioRow({
      case: name,
      what: what("server CPU"),
      unit: "%",
      against: "floor",
      ours: of(ours, "serverCpu"),
      reference: of(floor, "serverCpu"),
    }),
    boundRow({ case: name, what: what("PostgreSQL CPU"), unit: "%", ours: of(ours, "postgresCpu") }),
  ];
}

/** People who have asked and wait, and nobody who answers. */
export async function measureWaiters(bench: Bench): Promise<Row[]> {
  const counts = bench.quick ? [300] : [1_000, 5_000, 10_000];
  return withStands(bench, ["deepbot", "floor"], async (stands) => {
    const rows: Row[] = [];
    for (const count of counts) {
      // The round that warms up is short: what is built once, at the first requests, is nobody's.
      const turns = await takeTurns(stands, bench.quick ? 1 : 3, (stand, warmUp) =>
        warmUp
          ? measureIdle(bench, stand, { count: counts[0] ?? 0, ms: 1 })
          : measureIdle(bench, stand, { count, ms: bench.quick ? 600 : 8_000 }),
      );
      const [ours = [], floor = []] = stands.map((stand) => turns.get(stand) ?? []);
      rows.push(...rowsOf(count, ours, floor));
    }
    return rows;
  });
}
