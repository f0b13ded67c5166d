import type { Person } from "../database.ts";
import { percentile } from "../measure/statistics.ts";
import { beforeRows, boundRow, ratioRow, type Goal, type Row } from "../row.ts";
import {
  durationMs,
  takeSample,
  takeSamples,
  withBefore,
  withStands,
  type Bench,
  type Stand,
  type Sample,
} from "../stand.ts";

const name = "streams";
const deltasPerSecond = 20;

const at = (share: number) => (sample: Sample) => percentile(sample.latenciesMs, share);
const perSecond = (sample: Sample): number => (sample.count * 1000) / sample.ms;
const statements = (sample: Sample): number => (sample.statements * 1000) / sample.ms;
const serverCpu = (sample: Sample): number => (sample.serverCpuMs / sample.ms) * 100;
const postgresCpu = (sample: Sample): number => (sample.postgresCpuMs / sample.ms) * 100;
const clientCpu = (sample: Sample): number => sample.clientCpu * 100;

/** Measures the deltas only, not the start and end of the runs. */
async function takeStreamSample(
  bench: Bench,
  stand: Stand,
  { people, ms }: { people: Person[]; ms: number },
): Promise<Sample> {
  await bench.client.run({ kind: "watch", port: stand.port, people });
  const sample = await takeSample(bench, stand, { kind: "speak", deltasPerSecond, ms });
  await bench.client.release();
  return sample;
}

interface Samples {
  count: number;
  ours: readonly Sample[];
  floor: readonly Sample[];
  before: readonly Sample[];
}

async function measureCount(bench: Bench, stands: readonly Stand[], count: number): Promise<Samples> {
  const people = new Map<Stand, Person[]>();
  for (const stand of stands) people.set(stand, await stand.database.addPeople(count));
  const samples = await takeSamples(stands, bench.quick ? 1 : 3, (stand, warmUp) =>
    takeStreamSample(bench, stand, {
      people: people.get(stand) ?? [],
      ms: durationMs(bench, { warmUp, quickMs: 300, ms: 8_000 }),
    }),
  );
  const [ours = [], floor = [], before = []] = stands.map((stand) => samples.get(stand) ?? []);
  return { count, ours, floor, before };
}

interface Figure {
  what: string;
  unit: string;
  value: (sample: Sample) => number;
  better: "higher" | "lower";
  goal?: Goal;
}

function rowsOf({ count, ours, floor, before }: Samples, delayGoal: Goal): Row[] {
  const figures: Figure[] = [
    { what: "delay p50", unit: "ms", value: at(0.5), better: "lower" },
    { what: "delay p99", unit: "ms", value: at(0.99), better: "lower", goal: delayGoal },
    { what: `deltas, ${count * deltasPerSecond} wanted`, unit: "/s", value: perSecond, better: "higher" },
    { what: "statements", unit: "/s", value: statements, better: "lower" },
    { what: "server CPU", unit: "%", value: serverCpu, better: "lower" },
    { what: "PostgreSQL CPU", unit: "%", value: postgresCpu, better: "lower" },
  ];
  return [
    ...figures.flatMap(({ value, better, goal = {}, ...figure }) => {
      const quantity = { ...figure, case: name, what: `${count}: ${figure.what}`, ours: ours.map(value) };
      const floorRow = ratioRow({ ...quantity, goal, against: "floor", reference: floor.map(value) });
      return [floorRow, ...beforeRows({ ...quantity, better }, before.map(value))];
    }),
    boundRow({ case: name, what: `${count}: load process CPU`, unit: "%", ours: ours.map(clientCpu) }),
  ];
}

/** Whether more streams need more statements. */
function growthRow(fewer: Samples, more: Samples, goal: Goal): Row {
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

/** Streamed answers with one watcher each, 20 deltas a second. */
export async function measureStreams(bench: Bench): Promise<Row[]> {
  const [few, many] = bench.quick ? [10, 20] : [100, 500];
  // So few streams need a statement for almost every delta, so the goals do not apply.
  const goals = bench.quick ? { delay: {}, growth: {} } : { delay: { atMost: 60 }, growth: { ratioAtMost: 1.1 } };
  return withStands(bench, withBefore(bench, ["deepbot", "floor"]), async (stands) => {
    const fewer = await measureCount(bench, stands, few);
    const more = await measureCount(bench, stands, many);
    return [...rowsOf(fewer, goals.delay), ...rowsOf(more, {}), growthRow(fewer, more, goals.growth)];
  });
}
