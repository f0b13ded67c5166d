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

/** Only of pieces: that the runs begin and end is not measured. */
async function takeStreamTurn(
  bench: Bench,
  stand: Stand,
  { people, ms }: { people: Person[]; ms: number },
): Promise<Turn> {
  await bench.client.run({ kind: "watch", port: stand.port, people });
  const turn = await takeTurn(bench, stand, { kind: "speak", deltasPerSecond, ms });
  await bench.client.release();
  return turn;
}

interface Turns {
  count: number;
  ours: readonly Turn[];
  floor: readonly Turn[];
}

async function measureCount(bench: Bench, stands: readonly Stand[], count: number): Promise<Turns> {
  const people = new Map<Stand, Person[]>();
  for (const stand of stands) people.set(stand, await stand.database.addPeople(count));
  const turns = await takeTurns(stands, bench.quick ? 1 : 3, (stand, warmUp) =>
    takeStreamTurn(bench, stand, {
      people: people.get(stand) ?? [],
      ms: durationMs(bench, { warmUp, quickMs: 300, ms: 8_000 }),
    }),
  );
  const [ours = [], floor = []] = stands.map((stand) => turns.get(stand) ?? []);
  return { count, ours, floor };
}

function rowsOf({ count, ours, floor }: Turns, delayGoal: Goal): Row[] {
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

/** Whether more streams need more statements. */
function growthRow(fewer: Turns, more: Turns, goal: Goal): Row {
  return ratioRow({
    case: name,
    what: `${more.count}: statements`,
    unit: "/s",
    against: `${fewer.count} streams`,
    ours: more.ours.map(statements),
    reference: fewer.ours.map(statements),
    goal,
  });
}

/** Answers that are made while somebody watches each, 20 pieces a second. */
export async function measureStreams(bench: Bench): Promise<Row[]> {
  const [few, many] = bench.quick ? [10, 20] : [100, 500];
  // So few have a statement for almost every piece: they say nothing about the goals.
  const goals = bench.quick ? { delay: {}, growth: {} } : { delay: { atMost: 60 }, growth: { ratioAtMost: 1.1 } };
  return withStands(bench, ["deepbot", "floor"], async (stands) => {
    const fewer = await measureCount(bench, stands, few);
    const more = await measureCount(bench, stands, many);
    return [...rowsOf(fewer, goals.delay), ...rowsOf(more, {}), growthRow(fewer, more, goals.growth)];
  });
}
