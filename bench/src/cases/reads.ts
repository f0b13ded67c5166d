import type { Person } from "../database.ts";
import type { Call } from "../load/connection.ts";
import { personCall } from "../load/people.ts";
import { boundRow, ratioRow, type Goal, type Row } from "../row.ts";
import { durationMs, takeTurn, takeTurns, withStands, type Bench, type Stand, type Turn } from "../stand.ts";

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

const perSecond = (turn: Turn): number => (turn.count * 1000) / turn.ms;
const serverCpu = (turn: Turn): number => (turn.serverCpuMs * 1000) / turn.count;
const clientCpu = (turn: Turn): number => turn.clientCpu * 100;

/** The same server through one door: what takes turns. */
interface Door {
  stand: Stand;
  people: Person[];
  call: Read["rest"];
}

async function measureRead(bench: Bench, read: Read, people: ReadonlyMap<Stand, Person[]>): Promise<Row[]> {
  const [deepbot, floor, remembering, fastify] = [...people.keys()];
  if (deepbot === undefined || floor === undefined || remembering === undefined || fastify === undefined) return [];
  const door = (stand: Stand, call: Read["rest"]): Door => ({ stand, people: people.get(stand) ?? [], call });
  const references = [floor, remembering, fastify].map((stand) => door(stand, read.rest));
  const doors = [door(deepbot, read.rest), door(deepbot, read.trpc), ...references];
  const turns = await takeTurns(doors, bench.quick ? 1 : 5, ({ stand, people: callers, call }, warmUp) =>
    takeTurn(bench, stand, {
      kind: "calls",
      port: stand.port,
      calls: callers.map((person) => personCall(person, call(person))),
      ms: durationMs(bench, { warmUp, quickMs: 200, ms: 3_000, warmUpMs: 9_000 }),
    }),
  );
  const [rest = [], trpc = [], least = [], lesser = [], usual = []] = doors.map((each) => turns.get(each) ?? []);
  const row = (what: string, ours: Turn[], goal: { against: string; reference: Turn[]; goal?: Goal }): Row =>
    ratioRow({
      case: name,
      what,
      unit: "/s",
      ours: ours.map(perSecond),
      ...goal,
      reference: goal.reference.map(perSecond),
    });
  return [
    row(read.what, rest, { against: "floor", reference: least, goal: { ratioAtLeast: 0.8 } }),
    row(read.what, rest, { against: remembering.name, reference: lesser }),
    row(read.what, rest, { against: "fastify", reference: usual, goal: { ratioAtLeast: 1 } }),
    row(`${read.what}, tRPC`, trpc, { against: "floor", reference: least, goal: { ratioAtLeast: 0.45 } }),
    ratioRow({
      case: name,
      what: `${read.what}, server CPU`,
      unit: "µs",
      against: "floor",
      ours: rest.map(serverCpu),
      reference: least.map(serverCpu),
    }),
    boundRow({ case: name, what: `${read.what}, load process CPU`, unit: "%", ours: rest.map(clientCpu) }),
  ];
}

/** What pages ask for all the time. */
export async function measureReads(bench: Bench): Promise<Row[]> {
  return withStands(bench, ["deepbot", "floor", "floor, tokens remembered", "fastify"], async (stands) => {
    const people = new Map(
      await Promise.all(stands.map(async (s) => [s, await s.database.addPeople(connections, messages)] as const)),
    );
    const rows: Row[] = [];
    for (const read of reads) rows.push(...(await measureRead(bench, read, people)));
    return rows;
  });
}
