import { setTimeout as delay } from "node:timers/promises";
import { beforeRows, boundRow, type Row } from "../row.ts";
import { durationMs, takeSample, takeSamples, withBefore, withStands, type Bench, type Stand } from "../stand.ts";

const name = "worker";
const workers = 16;

const perSecond = ({ count, ms }: { count: number; ms: number }): number => (count * 1000) / ms;

async function measureCalls(bench: Bench, stands: readonly Stand[], what: "claim" | "append"): Promise<Row[]> {
  const people = new Map(await Promise.all(stands.map(async (s) => [s, await s.database.addPeople(workers)] as const)));
  const samples = await takeSamples(stands, bench.quick ? 2 : 8, (stand, warmUp) =>
    takeSample(bench, stand, {
      kind: "work",
      port: stand.port,
      people: people.get(stand) ?? [],
      what,
      ms: durationMs(bench, { warmUp, quickMs: 400, ms: 4_000, warmUpMs: 8_000 }),
    }),
  );
  for (const { database } of stands) await database.sql`delete from dialogs where status_flag`;
  const [ours = [], before = []] = stands.map((stand) => samples.get(stand) ?? []);
  const quantity = { case: name, what: what === "claim" ? "claim and release" : what, unit: "/s" };
  const cpu = { case: name, what: `${quantity.what}, server CPU`, unit: "µs" };
  const cpuOf = ({ serverCpuMs, count }: (typeof ours)[number]): number => (serverCpuMs * 1000) / count;
  const postgres = { ...cpu, what: `${quantity.what}, PostgreSQL CPU` };
  const postgresCpuOf = ({ postgresCpuMs, count }: (typeof ours)[number]): number => (postgresCpuMs * 1000) / count;
  const statementsOf = ({ statements, count }: (typeof ours)[number]): number => statements / count;
  return [
    boundRow({ ...quantity, ours: ours.map(perSecond) }),
    ...beforeRows({ ...quantity, ours: ours.map(perSecond), better: "higher" }, before.map(perSecond)),
    boundRow({ ...quantity, what: `${quantity.what}: statements`, unit: "/call", ours: ours.map(statementsOf) }),
    ...beforeRows({ ...cpu, ours: ours.map(cpuOf), better: "lower" }, before.map(cpuOf)),
    ...beforeRows({ ...postgres, ours: ours.map(postgresCpuOf), better: "lower" }, before.map(postgresCpuOf)),
  ];
}

/** Statements while so many workers wait and nobody asks. */
async function measureIdle(bench: Bench, stand: Stand, count: number): Promise<number> {
  const ms = bench.quick ? 2_000 : 20_000;
  await bench.client.run({ kind: "poll", port: stand.port, count });
  await delay(bench.quick ? 500 : 3_000);
  const before = await stand.database.statements();
  await delay(ms);
  // One statement is the count itself.
  const asked = (await stand.database.statements()) - before - 1;
  await bench.client.release();
  return (asked * 1000) / ms;
}

/** What workers call most, and what it costs that they wait. */
export async function measureWorker(bench: Bench): Promise<Row[]> {
  return withStands(bench, withBefore(bench, ["deepbot"]), async (stands) => {
    const rows: Row[] = [];
    for (const what of ["claim", "append"] as const) rows.push(...(await measureCalls(bench, stands, what)));
    for (const count of [10, 1_000]) {
      const idle = [];
      for (const stand of stands) idle.push(await measureIdle(bench, stand, count));
      const [ours = Number.NaN, ...before] = idle;
      const quantity = { case: name, what: `${count} polling: statements`, unit: "/s", ours: [ours] };
      rows.push(boundRow(quantity), ...beforeRows({ ...quantity, better: "lower" }, before));
    }
    return rows;
  });
}
