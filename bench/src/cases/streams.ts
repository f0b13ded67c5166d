import type { Person } from "../database.ts";
import { percentile } from "../measure/statistics.ts";
import { boundRow, ratioRow, type Goal, type Row } from "../row.ts";
import { durationMs, takeTurn, takeTurns, withStands, type Bench, type Stand, type Turn } from "../stand.ts";

const name = "streams";
const deltasPerSecond = 20;

const at = (share: number) => (turn: Turn) => percentile(turn.latenciesMs, share);
const perSecond = (turn: Turn): number => (turn.count * 1000) / turn.ms;
const statements = (turn: Turn): number => (turn.statements * 1000) / turn.ms;
const serverCpu = (turn: Turn): number => (turn.serverCpuMs / turn.ms) * 100;
const postgresCpu = (turn: Turn): number => (turn.postgresCpuMs / turn.ms) * 100;
const clientCpu = (turn: Turn): number => turn.clientCpu * 100;

async function measureCount(
  bench: Bench,
  { count, stands, delayGoal }: { count: number; stands: readonly Stand[]; delayGoal: Goal },
): Promise<Row[]> {
  const people = new Map<Stand, Person[]>();
  for (const stand of stands) people.set(stand, await stand.database.addPeople(count));
  const turns = await takeTurns(stands, bench.quick ? 1 : 3, (stand, warmUp) =>
    takeTurn(bench, stand, {
      kind: "stream",
      port: stand.port,
      people: people.get(stand) ?? [],
      deltasPerSecond,
      ms: durationMs(bench, { warmUp, quickMs: 700, ms: 8_000 }),
    }),
  );
  const [ours = [], floor = []] = stands.map((stand) => turns.get(stand) ?? []);
  const row = (what: string, unit: string, value: (turn: Turn) => number): Parameters<typeof ratioRow>[0] => ({
    case: name,
    what: `${count}: ${what}`,
    unit,
    against: "floor",
    ours: ours.map(value),
    reference: floor.map(value),
  });
  return [
    ratioRow(row("delay p50", "ms", at(0.5))),
    ratioRow({ ...row("delay p99", "ms", at(0.99)), goal: delayGoal }),
    ratioRow(row(`deltas, ${count * deltasPerSecond} wanted`, "/s", perSecond)),
    ratioRow(row("statements", "/s", statements)),
    ratioRow(row("server CPU", "%", serverCpu)),
    ratioRow(row("PostgreSQL CPU", "%", postgresCpu)),
    boundRow({ case: name, what: `${count}: load process CPU`, unit: "%", ours: ours.map(clientCpu) }),
  ];
}

/** Answers that are made while somebody watches each, 20 pieces a second. */
export async function measureStreams(bench: Bench): Promise<Row[]> {
  const counts = bench.quick ? [20] : [100, 500];
  return withStands(bench, ["deepbot", "floor"], async (stands) => {
    const rows: Row[] = [];
    for (const count of counts) {
      const delayGoal = count === 100 ? { atMost: 60 } : {};
      rows.push(...(await measureCount(bench, { count, stands, delayGoal })));
    }
    return rows;
  });
}
