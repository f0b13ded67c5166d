import type { Person } from "../database.ts";
import { noHistory, usualHistory, type Size } from "../growth/grow.ts";
import { listScans } from "../growth/plans.ts";
import type { Job } from "../load/jobs.ts";
import { personCall, workerCall } from "../load/people.ts";
import { median } from "../measure/statistics.ts";
import { boundRow, ratioRow, type Row } from "../row.ts";
import { listStatements, listTransactionStatements } from "../statements.ts";
import { durationMs, takeSample, takeSamples, withStands, type Bench, type Stand } from "../stand.ts";

const name = "growth";

interface Operation {
  what: string;
  job: (port: number, people: Person[]) => Omit<Job & { kind: "calls" }, "ms"> | Omit<Job & { kind: "answer" }, "ms">;
}

const claimBody = `{"worker":"bench","max":1,"wait_ms":0}`;

const operations: readonly Operation[] = [
  {
    what: "round trip",
    job: (port, people) => ({ kind: "answer", ports: [port], people: people.slice(0, 1), workers: 1 }),
  },
  {
    what: "claim from an empty queue",
    job: (port) => ({
      kind: "calls",
      port,
      calls: [workerCall({ method: "POST", path: "/worker/claim", body: claimBody })],
    }),
  },
  {
    what: "GET /messages",
    job: (port) => ({ kind: "calls", port, calls: [workerCall({ method: "GET", path: "/messages" })] }),
  },
  {
    what: "history page",
    job: (port, people) => ({
      kind: "calls",
      port,
      calls: people
        .slice(0, 1)
        .map((person) => personCall(person, { method: "GET", path: `/dialogs/${person.dialogId}/messages` })),
    }),
  },
  {
    what: "list of dialogs",
    job: (port, people) => ({
      kind: "calls",
      port,
      calls: people.slice(0, 1).map((person) => personCall(person, { method: "POST", path: "/dialogs" })),
    }),
  },
];

async function measureOperation(
  bench: Bench,
  { what, job }: Operation,
  people: ReadonlyMap<Stand, Person[]>,
): Promise<Row> {
  const [grown, empty] = [...people.keys()];
  if (grown === undefined || empty === undefined) throw new Error("Growth needs two servers.");
  // Dead rows of the operation before would slow the empty database more, because they are spread over few rows.
  for (const { database } of people.keys()) await database.sql`vacuum analyze`;
  const samples = await takeSamples([grown, empty], bench.quick ? 1 : 5, (stand, warmUp) =>
    takeSample(bench, stand, {
      ...job(stand.port, people.get(stand) ?? []),
      ms: durationMs(bench, { warmUp, quickMs: 150, ms: 2_500 }),
    }),
  );
  const p50 = (stand: Stand): number[] => (samples.get(stand) ?? []).map((sample) => median(sample.latenciesMs));
  return ratioRow({
    case: name,
    what: `${what}, p50`,
    unit: "ms",
    against: "empty",
    ours: p50(grown),
    reference: p50(empty),
    goal: { ratioAtMost: 1.3 },
  });
}

const isPruning = (scan: string): boolean => scan.startsWith("prune_");

/** Pruning has no goal, because it runs only every half minute or hour. */
function scanRows(scans: readonly string[], count: number): Row[] {
  const others = scans.filter((scan) => !isPruning(scan));
  const pruning = scans.filter(isPruning);
  const what = [`statements of ${count} that read whole tables`, ...others].join("; ");
  const whatPrunes = ["pruning statements that read whole tables", ...pruning].join("; ");
  return [
    boundRow({ case: name, what, unit: "", ours: [others.length], goal: { atMost: 0 } }),
    boundRow({ case: name, what: whatPrunes, unit: "", ours: [pruning.length] }),
  ];
}

/** The same server on an empty database and on one with years of history. */
export async function measureGrowth(bench: Bench): Promise<Row[]> {
  const many: Size = bench.quick ? usualHistory : { users: 40_000, dialogsPerUser: 5, messagesPerDialog: 26 };
  const wanted = [
    { name: "deepbot", size: many },
    { name: "deepbot", size: noHistory },
  ] as const;
  return withStands(bench, wanted, async ([grown, empty]) => {
    if (grown === undefined || empty === undefined) return [];
    const people = new Map<Stand, Person[]>();
    for (const stand of [grown, empty]) people.set(stand, await stand.database.addPeople(1, 50));
    const statements = new Map([...(await listStatements()), ...(await listTransactionStatements(grown.database))]);
    const scans = await listScans(grown.database.sql, { statements, isSmall: bench.quick });
    const rows: Row[] = [];
    for (const operation of operations) rows.push(await measureOperation(bench, operation, people));
    return [...rows, ...scanRows(scans, statements.size)];
  });
}
