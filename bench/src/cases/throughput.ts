import { beforeRows, boundRow, ratioRow, type Row } from "../row.ts";
import { durationMs, takeSample, takeSamples, withBefore, withStands, type Bench, type Sample } from "../stand.ts";

const name = "throughput";
const users = 64;
const workers = 32;

const runsPerSecond = (sample: Sample): number => (sample.count * 1000) / sample.ms;
const serverCpu = (sample: Sample): number => sample.serverCpuMs / sample.count;
const postgresCpu = (sample: Sample): number => sample.postgresCpuMs / sample.count;
const statements = (sample: Sample): number => sample.statements / sample.count;
const clientCpu = (sample: Sample): number => sample.clientCpu * 100;

/** Many people who ask in a loop, and workers that answer immediately. */
export async function measureThroughput(bench: Bench): Promise<Row[]> {
  return withStands(bench, withBefore(bench, ["deepbot", "floor", "fastify"]), async (stands) => {
    const people = new Map(await Promise.all(stands.map(async (s) => [s, await s.database.addPeople(users)] as const)));
    const samples = await takeSamples(stands, bench.quick ? 2 : 6, (stand, warmUp) =>
      takeSample(bench, stand, {
        kind: "answer",
        ports: [stand.port],
        people: people.get(stand) ?? [],
        workers,
        ms: durationMs(bench, { warmUp, quickMs: 400, ms: 6_000 }),
      }),
    );
    const [ours = [], floor = [], fastify = [], before = []] = stands.map((stand) => samples.get(stand) ?? []);
    const rows = (what: string, unit: string, value: (sample: Sample) => number): Row[] => [
      ratioRow({ case: name, what, unit, ours: ours.map(value), against: "floor", reference: floor.map(value) }),
      ratioRow({ case: name, what, unit, ours: ours.map(value), against: "fastify", reference: fastify.map(value) }),
      ...beforeRows({ case: name, what, unit, ours: ours.map(value), better: "lower" }, before.map(value)),
    ];
    const quantity = { case: name, what: "runs", unit: "/s", ours: ours.map(runsPerSecond) };
    return [
      ratioRow({
        ...quantity,
        against: "floor",
        reference: floor.map(runsPerSecond),
        goal: { ratioAtLeast: 0.7 },
      }),
      ratioRow({
        ...quantity,
        against: "fastify",
        reference: fastify.map(runsPerSecond),
        goal: { ratioAtLeast: 1 },
      }),
      ...beforeRows({ ...quantity, better: "higher" }, before.map(runsPerSecond)),
      ...rows("server CPU", "ms/run", serverCpu),
      ...rows("PostgreSQL CPU", "ms/run", postgresCpu),
      ...rows("statements", "/run", statements),
      boundRow({ case: name, what: "load process CPU", unit: "%", ours: ours.map(clientCpu) }),
    ];
  });
}
