import { usualHistory } from "../growth/grow.ts";
import { median, percentile } from "../measure/statistics.ts";
import { boundRow, ratioRow, type Row } from "../row.ts";
import { durationMs, openStand, takeTurn, takeTurns, type Bench, type Stand, type Turn } from "../stand.ts";

const name = "servers";

/** Several servers on one database; they share people and workers, so that most answers cross from one to another. */
interface Fleet {
  count: number;
  stands: Stand[];
}

const runsPerSecond = (turn: Turn): number => (turn.count * 1000) / turn.ms;

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

async function takeFleetTurn(bench: Bench, { stands: [first, ...others] }: Fleet, load: Load): Promise<Turn> {
  if (first === undefined) throw new Error("A fleet needs a server.");
  const ports = [first, ...others].map(({ port }) => port);
  const people = await first.database.addPeople(load.users);
  const ms = durationMs(bench, { warmUp: load.warmUp, quickMs: 500, ms: 5_000 });
  return takeTurn(bench, first, { kind: "answer", ports, people, workers: load.workers, ms });
}

/** Everything at once, and one question at a time between servers. */
export async function measureServers(bench: Bench): Promise<Row[]> {
  const counts = bench.quick ? [1, 2] : [1, 2, 3];
  const rounds = bench.quick ? 1 : 4;
  const fleets: Fleet[] = [];
  try {
    for (const count of counts) fleets.push(await openFleet(bench, count));
    const [single, ...several] = fleets;
    if (single === undefined) return [];
    const busy = await takeTurns(fleets, rounds, (fleet, warmUp) =>
      takeFleetTurn(bench, fleet, { users: 64, workers: 32, warmUp }),
    );
    // One person at the first server, one worker at the last: every answer crosses.
    const crossing = await takeTurns(several, rounds, (fleet, warmUp) =>
      takeFleetTurn(bench, fleet, { users: 1, workers: 1, warmUp }),
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
        ours: (crossing.get(fleet) ?? []).map((turn) => median(turn.handoverMs)),
      }),
      boundRow({
        case: name,
        what: `${fleet.count} servers: answer at another, p99`,
        unit: "ms",
        ours: (crossing.get(fleet) ?? []).map((turn) => percentile(turn.handoverMs, 0.99)),
        goal: { atMost: 30 },
      }),
    ]);
  } finally {
    for (const fleet of fleets) await closeFleet(fleet);
  }
}
