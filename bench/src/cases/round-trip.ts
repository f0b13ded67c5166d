import { percentile } from "../measure/statistics.ts";
import { beforeRows, ratioRow, type Row } from "../row.ts";
import { durationMs, takeSample, takeSamples, withBefore, withStands, type Bench, type Sample } from "../stand.ts";

const name = "round trip";

const at = (share: number) => (sample: Sample) => percentile(sample.latenciesMs, share);

/** From the question to the answer, with one person, one waiting worker and no other load. */
export async function measureRoundTrip(bench: Bench): Promise<Row[]> {
  return withStands(bench, withBefore(bench, ["deepbot", "floor", "fastify"]), async (stands) => {
    const people = new Map(await Promise.all(stands.map(async (s) => [s, await s.database.addPeople(1)] as const)));
    const samples = await takeSamples(stands, bench.quick ? 2 : 7, (stand, warmUp) =>
      takeSample(bench, stand, {
        kind: "answer",
        ports: [stand.port],
        people: people.get(stand) ?? [],
        workers: 1,
        ms: durationMs(bench, { warmUp, quickMs: 300, ms: 4_000 }),
      }),
    );
    const [ours = [], floor = [], fastify = [], before = []] = stands.map((stand) => samples.get(stand) ?? []);
    const row = (what: string, share: number) => ({ case: name, what, unit: "ms", ours: ours.map(at(share)) });
    return [
      ratioRow({
        ...row("p50", 0.5),
        against: "floor",
        reference: floor.map(at(0.5)),
        goal: { ratioAtMost: 1.5, atMost: 10 },
      }),
      ratioRow({ ...row("p50", 0.5), against: "fastify", reference: fastify.map(at(0.5)) }),
      ratioRow({ ...row("p99", 0.99), against: "floor", reference: floor.map(at(0.99)) }),
      ratioRow({ ...row("p99", 0.99), against: "fastify", reference: fastify.map(at(0.99)) }),
      ...beforeRows({ ...row("p50", 0.5), better: "lower" }, before.map(at(0.5))),
      ...beforeRows({ ...row("p99", 0.99), better: "lower" }, before.map(at(0.99))),
    ];
  });
}
