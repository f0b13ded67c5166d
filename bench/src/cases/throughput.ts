import { boundRow, ratioRow, type Row } from "../row.ts";
import { durationMs, takeTurn, takeTurns, withStands, type Bench, type Turn } from "../stand.ts";

const name = "throughput";
const users = 64;
const workers = 32;

const runsPerSecond = (turn: Turn): number => (turn.count * 1000) / turn.ms;
const serverCpu = (turn: Turn): number => turn.serverCpuMs / turn.count;
const postgresCpu = (turn: Turn): number => turn.postgresCpuMs / turn.count;
const statements = (turn: Turn): number => turn.statements / turn.count;
const clientCpu = (turn: Turn): number => turn.clientCpu * 100;

/** Many people in a loop, workers that answer at once. */
export async function measureThroughput(bench: Bench): Promise<Row[]> {
  return withStands(bench, ["deepbot", "floor", "fastify"], async (stands) => {
    const people = new Map(await Promise.all(stands.map(async (s) => [s, await s.database.addPeople(users)] as const)));
    const turns = await takeTurns(stands, bench.quick ? 2 : 6, (stand, warmUp) =>
      takeTurn(bench, stand, {
        kind: "answer",
        ports: [stand.port],
        people: people.get(stand) ?? [],
        workers,
        ms: durationMs(bench, { warmUp, quickMs: 400, ms: 6_000 }),
      }),
    );
    const [ours = [], floor = [], fastify = []] = stands.map((stand) => turns.get(stand) ?? []);
    const rows = (what: string, unit: string, value: (turn: Turn) => number): Row[] => [
      ratioRow({ case: name, what, unit, ours: ours.map(value), against: "floor", reference: floor.map(value) }),
      ratioRow({ case: name, what, unit, ours: ours.map(value), against: "fastify", reference: fastify.map(value) }),
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
      ...rows("server CPU", "ms/run", serverCpu),
      ...rows("PostgreSQL CPU", "ms/run", postgresCpu),
      ...rows("statements", "/run", statements),
      boundRow({ case: name, what: "load process CPU", unit: "%", ours: ours.map(clientCpu) }),
    ];
  });
}
