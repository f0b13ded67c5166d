import { join } from "node:path";
import type { PostgresServer } from "@deepbot/testing";
import type { OtherCheckout } from "./checkout.ts";
import type { BenchDatabase, Databases } from "./database.ts";
import { usualHistory, type Size } from "./growth/grow.ts";
import type { LoadClient } from "./load/client.ts";
import type { Job, JobResult } from "./load/jobs.ts";
import { cpuMsOf, cpuMsOfFamily } from "./measure/processes.ts";
import { startSubject, type Subject, type SubjectName } from "./subject.ts";

/** What every case needs. */
export interface Bench {
  /** Small data and few rounds: shows that everything works, compares little. */
  quick: boolean;
  postgres: PostgresServer;
  databases: Databases;
  client: LoadClient;
  /** For logs and for files that subjects read. */
  folder: string;
  nodeFlags: readonly string[];
  /** Main module of another build of the server, to be measured instead of this one. */
  server: string | undefined;
  /** Another checkout whose server is measured beside this one. */
  before: OtherCheckout | undefined;
}

/** A subject on a database of its own. */
export interface Stand extends Subject {
  database: BenchDatabase;
}

/** Tells references where the server's statements are. */
export function statementsEnv({ folder }: Pick<Bench, "folder">): { STATEMENTS: string } {
  return { STATEMENTS: join(folder, "statements.json") };
}

export async function openStand(bench: Bench, name: SubjectName, database: BenchDatabase): Promise<Stand> {
  const subject = await startSubject(name, {
    env: { DATABASE_URL: database.url, ...statementsEnv(bench) },
    logFile: join(bench.folder, `${name}.log`),
    ...(name === "deepbot" ? { nodeFlags: bench.nodeFlags, program: bench.server } : {}),
    ...(name === "before" ? { program: bench.before?.main } : {}),
  });
  return { ...subject, database };
}

/** Adds the server of the other checkout, if there is one, to the subjects. */
export function withBefore({ before }: Bench, names: readonly SubjectName[]): readonly SubjectName[] {
  return before === undefined ? names : [...names, "before"];
}

/** Starts subjects, each on a database of its own with a history, and stops them after `use`. */
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
      const checkout = name === "before" ? bench.before : undefined;
      opened.push({ name, database: await bench.databases.open(size, checkout) });
    }
    starts = opened.map(({ name, database }) => openStand(bench, name, database));
    return await use(await Promise.all(starts));
  } finally {
    const started = await Promise.allSettled(starts);
    await Promise.all(started.map(async (start) => start.status === "fulfilled" && start.value.stop()));
    await Promise.all(opened.map(({ database }) => database.close()));
  }
}

/** One measurement of one subject. */
export interface Sample extends JobResult {
  serverCpuMs: number;
  postgresCpuMs: number;
  statements: number;
}

/** Runs a job in the load process and measures what it cost each process. */
export async function takeSample(bench: Bench, stand: Stand, job: Job): Promise<Sample> {
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

/** Length of a sample. Except with `quick`, warming up takes at least as long: Node needs seconds to compile hot code. */
export function durationMs(
  { quick }: Bench,
  { warmUp, quickMs, ms, warmUpMs = ms }: { warmUp: boolean; quickMs: number; ms: number; warmUpMs?: number },
): number {
  if (quick) return warmUp ? 100 : quickMs;
  return warmUp ? warmUpMs : ms;
}

/** Takes one sample of each stand per round, starting with another stand in each. A round before the first warms up. */
export async function takeSamples<S, T>(
  stands: readonly S[],
  rounds: number,
  sample: (stand: S, warmUp: boolean) => Promise<T>,
): Promise<Map<S, T[]>> {
  const samples = new Map<S, T[]>(stands.map((stand) => [stand, []]));
  for (let round = -1; round < rounds; round += 1) {
    const first = Math.max(round, 0) % stands.length;
    for (const stand of [...stands.slice(first), ...stands.slice(0, first)]) {
      const result = await sample(stand, round < 0);
      if (round >= 0) samples.get(stand)?.push(result);
    }
  }
  return samples;
}
