import { cpuMsOf, cpuMsOfFamily } from "../measure/processes.ts";
import { boundRow, ratioRow, type Row } from "../row.ts";
import type { Memory } from "../subject.ts";
import { takeSamples, withStands, type Bench, type Stand } from "../stand.ts";
import { setTimeout as delay } from "node:timers/promises";
import { until } from "@deepbot/testing";

const name = "waiters";

const stableAfterMs = 250;
const stableBytes = 256 * 1024;

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

/** Waits until memory no longer changes, because everything before has been freed. */
async function stableMemory(stand: Stand): Promise<Memory> {
  let last = await stand.memory();
  const look = async (): Promise<Memory | false> => {
    await delay(stableAfterMs);
    const before = last;
    last = await stand.memory();
    return Math.abs(last.used - before.used) < stableBytes && last;
  };
  return until("memory is stable", look, 60_000);
}

/** The cost of waiting requests while nothing happens for `ms`. */
async function measureIdle(bench: Bench, stand: Stand, { count, ms }: { count: number; ms: number }): Promise<Idle> {
  const people = await stand.database.addPeople(count);
  const before = await stableMemory(stand);
  await bench.client.run({ kind: "wait", port: stand.port, people });
  await until("everybody waits", async () => (await countOpenRuns(stand)) === count, 60_000);
  const waiting = await stand.memory();
  const statements = await stand.database.statements();
  const cpu = [cpuMsOf(stand.pid), cpuMsOfFamily(bench.postgres.pid())];
  await delay(ms);
  const cpuAfter = [cpuMsOf(stand.pid), cpuMsOfFamily(bench.postgres.pid())];
  // One statement is the count itself.
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
  const of = (samples: readonly Idle[], key: keyof Idle): number[] => samples.map((sample) => sample[key]);
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

/** People who wait for an answer that does not come. */
export async function measureWaiters(bench: Bench): Promise<Row[]> {
  const counts = bench.quick ? [300] : [1_000, 5_000, 10_000];
  return withStands(bench, ["deepbot", "floor"], async (stands) => {
    const rows: Row[] = [];
    for (const count of counts) {
      // The short first round keeps one-time allocations out of the figures.
      const samples = await takeSamples(stands, bench.quick ? 1 : 3, (stand, warmUp) =>
        warmUp
          ? measureIdle(bench, stand, { count: counts[0] ?? 0, ms: 1 })
          : measureIdle(bench, stand, { count, ms: bench.quick ? 600 : 8_000 }),
      );
      const [ours = [], floor = []] = stands.map((stand) => samples.get(stand) ?? []);
      rows.push(...rowsOf(count, ours, floor));
    }
    return rows;
  });
}
