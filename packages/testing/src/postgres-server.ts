import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { openSync, closeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./free-port.ts";

/** A PostgreSQL server that a test may kill. */
export interface PostgresServer {
  port: number;
  /** Id of the postmaster, the parent of all its processes; 0 before the first start. */
  pid: () => number;
  /** Resolves when it accepts connections. */
  start: () => Promise<void>;
  /** SIGKILL to the postmaster: it flushes nothing and tells no client. */
  kill: () => Promise<void>;
  /** Stops it and removes its folder. */
  remove: () => Promise<void>;
}

const run = promisify(execFile);
const packagesFolder = "/usr/lib/postgresql";

async function findBinaries(): Promise<string> {
  const versions = await readdir(packagesFolder).catch(() => []);
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0];
  if (newest === undefined) throw new Error("PostgreSQL is missing: install the Debian package postgresql.");
  return join(packagesFolder, newest, "bin");
}

async function idOfPostgres(flag: "-u" | "-g"): Promise<number> {
  return Number((await run("id", [flag, "postgres"])).stdout);
}

/** PostgreSQL refuses to run as root, so root runs it as the user of its package. */
async function findOwner(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  return { uid: await idOfPostgres("-u"), gid: await idOfPostgres("-g") };
}

async function hasStatements(): Promise<boolean> {
  const library = "/usr/lib/postgresql/15/lib/pg_stat_statements.so";
  return stat(library.replace("/15/", `/${(await findBinaries()).split("/").at(-2)}/`)).then(
    () => true,
    () => false,
  );
}

async function argumentsOf(folder: string, port: number, settings: Record<string, string>): Promise<string[]> {
  const all: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    max_connections: "120",
    ...((await hasStatements()) ? { shared_preload_libraries: "pg_stat_statements" } : {}),
    ...settings,
  };
  return ["-D", folder, ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
}

/**
 * Creates a database cluster in a temporary folder, without starting it. It counts statements where PostgreSQL's
 * contributed modules are installed.
 *
 * @param settings further settings of `postgresql.conf`
 */
export async function createPostgresServer(
  logFile: string,
  settings: Record<string, string> = {},
): Promise<PostgresServer> {
  const [binaries, owner, port] = await Promise.all([findBinaries(), findOwner(), freePort()]);
  const folder = await mkdtemp(join(tmpdir(), "deepbot-pg-"));
  if (owner.uid !== undefined) await chown(folder, owner.uid, owner.gid ?? owner.uid);
  const at = { ...owner, cwd: folder };
  await run(join(binaries, "initdb"), ["-D", folder, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"], at);
  const serverArguments = await argumentsOf(folder, port, settings);
  let child: ChildProcess | undefined;

  const isUp = (): Promise<boolean> =>
    run(join(binaries, "pg_isready"), ["-h", "127.0.0.1", "-p", String(port), "-q"]).then(
      () => true,
      () => false,
    );
  const launch = (): ChildProcess => {
    const log = openSync(logFile, "a");
    const launched = spawn(join(binaries, "postgres"), serverArguments, { ...at, stdio: ["ignore", log, log] });
    closeSync(log);
    return launched;
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  };
  return {
    port,
    pid: () => child?.pid ?? 0,
    start: async () => {
      const limit = performance.now() + 60_000;
      while (performance.now() < limit) {
        // The first attempts after a kill fail while orphaned backends still hold the shared memory.
        if (child === undefined || child.exitCode !== null || child.signalCode !== null) child = launch();
        if (await isUp()) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error("PostgreSQL did not start within a minute.");
    },
    kill: () => end("SIGKILL"),
    remove: async () => {
      await end("SIGQUIT");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
