import { cpuMsOf, cpuMsOfFamily } from "../measure/processes.ts";
import { boundRow, ratioRow, type Row } from "../row.ts";
import { withStands, type Bench, type Stand } from "../stand.ts";
import { setTimeout as delay } from "node:timers/promises";
import { until } from "@deepbot/testing";

const name = "waiters";

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

/** What it costs that so many people wait, while nothing happens for `ms`. */
async function measureIdle(bench: Bench, stand: Stand, { count, ms }: { count: number; ms: number }): Promise<Idle> {
  const people = await stand.database.addPeople(count);
  const before = await stand.memory();
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

function rowsOf(count: number, ours: Idle, floor: Idle): Row[] {
  const what = (text: string): string => `${count}: ${text}`;
  const over = ours.kilobytesEach - floor.kilobytesEach;
  return [
    ratioRow({
      case: name,
      what: what("memory each"),
      unit: "kB",
      against: "floor",
      ours: [ours.kilobytesEach],
      reference: [floor.kilobytesEach],
    }),
    boundRow({ case: name, what: what("memory each over floor"), unit: "kB", ours: [over], goal: { atMost: 25 } }),
    boundRow({
      case: name,
      what: what("statements"),
      unit: "/s",
      ours: [ours.statementsPerSecond],
      goal: { atMost: 2 },
    }),
    ratioRow({
      case: name,
      what: what("server CPU"),
      unit: "%",
      against: "floor",
      ours: [ours.serverCpu],
      reference: [floor.serverCpu],
    }),
    boundRow({ case: name, what: what("PostgreSQL CPU"), unit: "%", ours: [ours.postgresCpu] }),
  ];
}

/** People who have asked and wait, and nobody who answers. */
export async function measureWaiters(bench: Bench): Promise<Row[]> {
  const counts = bench.quick ? [300] : [1_000, 5_000, 10_000];
  const ms = bench.quick ? 1_000 : 20_000;
  return withStands(bench, ["deepbot", "floor"], async ([deepbot, floor]) => {
    if (deepbot === undefined || floor === undefined) return [];
    // What is built once, at the first request, is nobody's.
    for (const stand of [deepbot, floor]) await measureIdle(bench, stand, { count: counts[0] ?? 0, ms: 1 });
    const rows: Row[] = [];
    for (const count of counts) {
      const ours = await measureIdle(bench, deepbot, { count, ms });
      rows.push(...rowsOf(count, ours, await measureIdle(bench, floor, { count, ms })));
    }
    return rows;
  });
}
