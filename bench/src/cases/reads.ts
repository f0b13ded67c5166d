import type { Person } from "../database.ts";
import type { Call } from "../load/connection.ts";
import { personCall } from "../load/people.ts";
import { beforeRows, boundRow, ratioRow, type Row } from "../row.ts";
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

const name = "reads";
const connections = 16;
const messages = 50;

interface Read {
  what: string;
  rest: (person: Person) => Omit<Call, "headers">;
  trpc: (person: Person) => Omit<Call, "headers">;
}

const reads: readonly Read[] = [
  {
    what: "GET /me",
    rest: () => ({ method: "GET", path: "/me" }),
    trpc: () => ({ method: "GET", path: "/trpc/auth.me" }),
  },
  {
    what: "POST /dialogs",
    rest: () => ({ method: "POST", path: "/dialogs" }),
    trpc: () => ({ method: "GET", path: "/trpc/dialogs.list" }),
  },
  {
    what: `GET /dialogs/{id}, ${messages} messages`,
    rest: ({ dialogId }) => ({ method: "GET", path: `/dialogs/${dialogId}` }),
    trpc: ({ dialogId }) => ({
      method: "GET",
      path: `/trpc/dialogs.get?input=${encodeURIComponent(JSON.stringify({ dialog_id: dialogId }))}`,
    }),
  },
];

const perSecond = (sample: Sample): number => (sample.count * 1000) / sample.ms;
const serverCpu = (sample: Sample): number => (sample.serverCpuMs * 1000) / sample.count;
const clientCpu = (sample: Sample): number => sample.clientCpu * 100;

/** A server, measured over one transport. */
interface Target {
  stand: Stand;
  people: Person[];
  call: Read["rest"];
}

interface ReadSamples {
  rest: readonly Sample[];
  trpc: readonly Sample[];
  floor: readonly Sample[];
  remembering: readonly Sample[];
  fastify: readonly Sample[];
  /** Of the other checkout; empty when there is none. */
  restBefore: readonly Sample[];
  trpcBefore: readonly Sample[];
}

async function sampleRead(bench: Bench, read: Read, people: ReadonlyMap<Stand, Person[]>): Promise<ReadSamples> {
  const entries = Array.from(people, ([stand, callers]) => ({ stand, people: callers }));
  const overRest = entries.map((entry) => ({ ...entry, call: read.rest }));
  const ownServers = entries.filter(({ stand }) => stand.name === "deepbot" || stand.name === "before");
  const overTrpc = ownServers.map((entry) => ({ ...entry, call: read.trpc }));
  const targets: Target[] = [...overRest, ...overTrpc];
  const samples = await takeSamples(targets, bench.quick ? 1 : 5, ({ stand, people: callers, call }, warmUp) =>
    takeSample(bench, stand, {
      kind: "calls",
      port: stand.port,
      calls: callers.map((person) => personCall(person, call(person))),
      ms: durationMs(bench, { warmUp, quickMs: 200, ms: 3_000, warmUpMs: 9_000 }),
    }),
  );
  const of = (list: readonly Target[]): Sample[][] => list.map((target) => samples.get(target) ?? []);
  const [rest = [], floor = [], remembering = [], fastify = [], restBefore = []] = of(overRest);
  const [trpc = [], trpcBefore = []] = of(overTrpc);
  return { rest, trpc, floor, remembering, fastify, restBefore, trpcBefore };
}

function rowsOf(what: string, samples: ReadSamples): Row[] {
  const { rest, trpc, floor, remembering, fastify, restBefore, trpcBefore } = samples;
  const restRate = { case: name, what, unit: "/s", ours: rest.map(perSecond) };
  const trpcRate = { case: name, what: `${what}, tRPC`, unit: "/s", ours: trpc.map(perSecond) };
  const restCpu = { case: name, what: `${what}, server CPU`, unit: "µs", ours: rest.map(serverCpu) };
  const against = (subject: string, reference: readonly Sample[]): { against: string; reference: number[] } => ({
    against: subject,
    reference: reference.map(perSecond),
  });
  return [
    ratioRow({ ...restRate, ...against("floor", floor), goal: { ratioAtLeast: 0.8 } }),
    ratioRow({ ...restRate, ...against("floor, tokens remembered", remembering) }),
    ratioRow({ ...restRate, ...against("fastify", fastify), goal: { ratioAtLeast: 1 } }),
    ...beforeRows({ ...restRate, better: "higher" }, restBefore.map(perSecond)),
    ratioRow({ ...trpcRate, ...against("floor", floor), goal: { ratioAtLeast: 0.45 } }),
    ...beforeRows({ ...trpcRate, better: "higher" }, trpcBefore.map(perSecond)),
    ratioRow({ ...restCpu, against: "floor", reference: floor.map(serverCpu) }),
    ...beforeRows({ ...restCpu, better: "lower" }, restBefore.map(serverCpu)),
    boundRow({ case: name, what: `${what}, load process CPU`, unit: "%", ours: rest.map(clientCpu) }),
  ];
}

/** The most frequent requests of the pages. */
export async function measureReads(bench: Bench): Promise<Row[]> {
  const wanted = withBefore(bench, ["deepbot", "floor", "floor, tokens remembered", "fastify"]);
  return withStands(bench, wanted, async (stands) => {
    const people = new Map(
      await Promise.all(stands.map(async (s) => [s, await s.database.addPeople(connections, messages)] as const)),
    );
    const rows: Row[] = [];
    for (const read of reads) rows.push(...rowsOf(read.what, await sampleRead(bench, read, people)));
    return rows;
  });
}
