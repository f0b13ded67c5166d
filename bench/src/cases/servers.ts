import { usualHistory } from "../growth/grow.ts";
import { median, percentile } from "../measure/statistics.ts";
import { boundRow, ratioRow, type Row } from "../row.ts";
import { durationMs, openStand, takeSample, takeSamples, type Bench, type Stand, type Sample } from "../stand.ts";

const name = "servers";

/** Several servers on one database. They share people and workers, so most answers cross from one server to another. */
interface Fleet {
  count: number;
  stands: Stand[];
}

const runsPerSecond = (sample: Sample): number => (sample.count * 1000) / sample.ms;

async function openFleet(bench: Bench, count: number): Promise<Fleet> {
  const database = await bench.databases.open(usualHistory);
  const stands: Stand[] = [];
  while (stands.length < count) stands.push(await openStand(bench, "deepbot", database));
  return { count, stands };
}

async function closeFleet({ stands }: Fleet): Promise<void> {
  for (const stand of stands) await stand.stop();
  await stands[0]?.database.close();
}

interface Load {
  users: number;
  workers: number;
  warmUp: boolean;
}

async function takeFleetSample(bench: Bench, { stands: [first, ...others] }: Fleet, load: Load): Promise<Sample> {
  if (first === undefined) throw new Error("A fleet needs a server.");
  const ports = [first, ...others].map(({ port }) => port);
  const people = await first.database.addPeople(load.users);
  const ms = durationMs(bench, { warmUp: load.warmUp, quickMs: 500, ms: 5_000 });
  return takeSample(bench, first, { kind: "answer", ports, people, workers: load.workers, ms });
}

/** Throughput of several servers, and the delay of single answers between them. */
export async function measureServers(bench: Bench): Promise<Row[]> {
  const counts = bench.quick ? [1, 2] : [1, 2, 3];
  const rounds = bench.quick ? 1 : 4;
  const fleets: Fleet[] = [];
  try {
    for (const count of counts) fleets.push(await openFleet(bench, count));
    const [single, ...several] = fleets;
    if (single === undefined) return [];
    const busy = await takeSamples(fleets, rounds, (fleet, warmUp) =>
      takeFleetSample(bench, fleet, { users: 64, workers: 32, warmUp }),
    );
    // One person at the first server and one worker at the last, so every answer crosses.
    const crossing = await takeSamples(several, rounds, (fleet, warmUp) =>
      takeFleetSample(bench, fleet, { users: 1, workers: 1, warmUp }),
    );
    return several.flatMap((fleet) => [
      ratioRow({
        case: name,
        what: `${fleet.count} servers: runs`,
        unit: "/s",
        against: "1 server",
        ours: (busy.get(fleet) ?? []).map(runsPerSecond),
        reference: (busy.get(single) ?? []).map(runsPerSecond),
      }),
      boundRow({
        case: name,
        what: `${fleet.count} servers: answer at another, p50`,
        unit: "ms",
        ours: (crossing.get(fleet) ?? []).map((sample) => median(sample.handoverMs)),
      }),
      boundRow({
        case: name,
        what: `${fleet.count} servers: answer at another, p99`,
        unit: "ms",
        ours: (crossing.get(fleet) ?? []).map((sample) => percentile(sample.handoverMs, 0.99)),
        goal: { atMost: 30 },
      }),
    ]);
  } finally {
    for (const fleet of fleets) await closeFleet(fleet);
  }
}
