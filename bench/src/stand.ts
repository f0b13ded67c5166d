import { join } from "node:path";
import type { PostgresServer } from "@deepbot/testing";
import type { BenchDatabase, Databases } from "./database.ts";
import { usualHistory, type Size } from "./growth/grow.ts";
import type { LoadClient } from "./load/client.ts";
import type { Job, JobResult } from "./load/jobs.ts";
import { cpuMsOf, cpuMsOfFamily } from "./measure/processes.ts";
import { startSubject, type Subject, type SubjectName } from "./subject.ts";

/** What all cases work with. */
export interface Bench {
  /** Small data and few rounds: to see that everything works, not to compare. */
  quick: boolean;
  postgres: PostgresServer;
  databases: Databases;
  client: LoadClient;
  /** For logs, and for what subjects read. */
  folder: string;
  nodeFlags: readonly string[];
  /** Main module of another build of the server, to be measured instead of this one. */
  server: string | undefined;
}

/** A subject on a database of its own. */
export interface Stand extends Subject {
  database: BenchDatabase;
}

/** Where references find the server's statements. */
export function statementsEnv({ folder }: Pick<Bench, "folder">): { STATEMENTS: string } {
  return { STATEMENTS: join(folder, "statements.json") };
}

export async function openStand(bench: Bench, name: SubjectName, database: BenchDatabase): Promise<Stand> {
  const subject = await startSubject(name, {
    env: { DATABASE_URL: database.url, ...statementsEnv(bench) },
    logFile: join(bench.folder, `${name}.log`),
    ...(name === "deepbot" ? { nodeFlags: bench.nodeFlags, program: bench.server } : {}),
  });
  return { ...subject, database };
}

/** Starts subjects, each on a database of its own with a history, for as long as `use` takes. */
export async function withStands<T>(
  bench: Bench,
  wanted: readonly (SubjectName | { name: SubjectName; size: Size })[],
  use: (stands: readonly Stand[]) => Promise<T>,
): Promise<T> {
  const opened: { name: SubjectName; database: BenchDatabase }[] = [];
  let starts: Promise<Stand>[] = [];
  try {
    for (const each of wanted) {
      const { name, size } = typeof each === "string" ? { name: each, size: usualHistory } : each;
      opened.push({ name, database: await bench.databases.open(size) });
    }
    starts = opened.map(({ name, database }) => openStand(bench, name, database));
    return await use(await Promise.all(starts));
  } finally {
    const settled = await Promise.allSettled(starts);
    await Promise.all(settled.map(async (start) => start.status === "fulfilled" && start.value.stop()));
    await Promise.all(opened.map(({ database }) => database.close()));
  }
}

/** One measurement of one subject. */
export interface Turn extends JobResult {
  serverCpuMs: number;
  postgresCpuMs: number;
  statements: number;
}

/** Has the load process do a job, and looks at what that cost everybody. */
export async function takeTurn(bench: Bench, stand: Stand, job: Job): Promise<Turn> {
  const cpu = (): [number, number] => [cpuMsOf(stand.pid), cpuMsOfFamily(bench.postgres.pid())];
  const statements = await stand.database.statements();
  const [server, postgres] = cpu();
  const result = await bench.client.run(job);
  const [serverAfter, postgresAfter] = cpu();
  if (result.failures > 0) throw new Error(`${stand.name} failed ${result.failures} times.`);
  return {
    ...result,
    serverCpuMs: serverAfter - server,
    postgresCpuMs: postgresAfter - postgres,
    statements: (await stand.database.statements()) - statements,
  };
}

/** How long a turn is. But with `quick`, warming up takes at least as long: Node needs seconds to compile what is called often. */
export function durationMs(
  { quick }: Bench,
  { warmUp, quickMs, ms, warmUpMs = ms }: { warmUp: boolean; quickMs: number; ms: number; warmUpMs?: number },
): number {
  if (quick) return warmUp ? 100 : quickMs;
  return warmUp ? warmUpMs : ms;
}

/** Takes turns: everybody once in each round, and everybody first in some round. A round before them warms up. */
export async function takeTurns<S, T>(
  stands: readonly S[],
  rounds: number,
  turn: (stand: S, warmUp: boolean) => Promise<T>,
): Promise<Map<S, T[]>> {
  const turns = new Map<S, T[]>(stands.map((stand) => [stand, []]));
  for (let round = -1; round < rounds; round += 1) {
    const first = Math.max(round, 0) % stands.length;
    for (const stand of [...stands.slice(first), ...stands.slice(0, first)]) {
      const result = await turn(stand, round < 0);
      if (round >= 0) turns.get(stand)?.push(result);
    }
  }
  return turns;
}
