import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "@deepbot/db/testing";
import { freePort, startServerProcess, type PostgresServer, type ServerProcess } from "@deepbot/testing";
import { openInspector, type Inspector } from "./database.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

/** One server process. Its address stays the same when it is started again. */
export interface Replica {
  name: string;
  url: string;
  port: number;
  /** Between this replica and the database. */
  network: TcpProxy;
  isUp: () => boolean;
  pid: () => number;
  /** @param env overrides of its environment, until the next start */
  start: (env?: Record<string, string>) => Promise<void>;
  signal: (name: NodeJS.Signals) => void;
  /** SIGKILL. */
  kill: () => Promise<void>;
  /** SIGTERM; gives the exit code. */
  stop: () => Promise<number | null>;
}

/** Real servers and a real database, all of which a scenario may break. */
export interface Cluster {
  postgres: PostgresServer;
  inspector: Inspector;
  replicas: [Replica, Replica, Replica];
  /** Base addresses of all replicas, up or not. */
  urls: string[];
  /** Restores the network and starts every process that is down. */
  heal: () => Promise<void>;
  /** Replicas that exited by themselves, and errors that they logged, since the last call. */
  takeFaults: () => string[];
  saveLogs: (folder: string) => Promise<void>;
  close: () => Promise<void>;
}

export const dialogsPerUser = 1_000;

/** Who signs in under this name is an operator. */
export const operatorName = "operator";

/** Short times, so that the system recovers within seconds; high limits on dialogs and watchers; an operator. */
const serverEnv = {
  ADMIN_EMAILS: `${operatorName}@example.com`,
  RUN_MAX_ATTEMPTS: "5",
  RETRY_BACKOFF_MS: "200",
  ANSWER_DEADLINE_MS: "90000",
  DIALOGS_PER_USER: String(dialogsPerUser),
  WATCHES_PER_USER: "20000",
  QUESTIONS_PER_DAY: "1000000000",
  QUESTION_BYTES_PER_DAY: "1000000000000",
  MESSAGES_PER_DIALOG: "1000000000",
};

/** An uncaught error, or a request that got a 500. */
const faultLine = /^.* - (?:FATAL - |ERROR - http - ).*$/gm;

/** @returns the lines that were not among `told` */
function findFaultLines(server: ServerProcess, told: Map<ServerProcess, number>): string[] {
  const lines = server.output().match(faultLine) ?? [];
  const fresh = lines.slice(told.get(server) ?? 0);
  told.set(server, lines.length);
  return fresh;
}

async function createReplica(name: string, database: { port: number; name: string }): Promise<Replica & ReplicaLog> {
  const network = await startTcpProxy(database.port);
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${network.port}/${database.name}`;
  const started: ServerProcess[] = [];
  const crashes: string[] = [];
  const told = new Map<ServerProcess, number>();
  let current: ServerProcess | undefined;
  let isWanted = false;
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    port,
    network,
    isUp: () => current !== undefined,
    pid: () => current?.pid ?? 0,
    start: async (env = {}) => {
      if (current !== undefined) return;
      const server = await startServerProcess({ ...serverEnv, PORT: String(port), DATABASE_URL: url, ...env });
      current = server;
      isWanted = true;
      started.push(server);
      void server.exited.then(() => {
        if (current !== server) return;
        current = undefined;
        if (isWanted) crashes.push(`replica ${name} exited by itself: ${server.output().trimEnd().slice(-600)}`);
      });
    },
    signal: (signal) => current?.signal(signal),
    kill: async () => {
      isWanted = false;
      await current?.kill();
      current = undefined;
    },
    stop: async () => {
      isWanted = false;
      const code = await current?.stop();
      current = undefined;
      return code ?? null;
    },
    takeFaults: () => [
      ...crashes.splice(0),
      ...started.flatMap((server) => findFaultLines(server, told)).map((line) => `replica ${name} logged: ${line}`),
    ],
    output: () => started.map((server) => `--- process ${server.pid}\n${server.output()}`).join("\n"),
  };
}

interface ReplicaLog {
  takeFaults: () => string[];
  output: () => string;
}

async function createFreshDatabase(postgres: PostgresServer, name: string): Promise<string> {
  const urlOf = (database: string): string => `postgres://postgres@127.0.0.1:${postgres.port}/${database}`;
  const admin = await openInspector(urlOf("postgres"));
  // oxlint-disable-next-line no-restricted-properties -- A name of our own making, where no parameter may stand.
  await admin.rows(sql.raw(`create database ${name}`));
  await admin.close();
  return urlOf(name);
}

async function listStatementsIfPossible(inspector: Inspector): Promise<void> {
  await inspector.db.execute(sql`create extension if not exists pg_stat_statements`).then(
    () => {},
    () => {},
  );
}

/** Three replicas on a database of their own. */
export async function startCluster(postgres: PostgresServer, name: string): Promise<Cluster> {
  const inspector = await openInspector(await createFreshDatabase(postgres, name));
  await listStatementsIfPossible(inspector);
  const database = { port: postgres.port, name };
  const replicas = [
    await createReplica("a", database),
    await createReplica("b", database),
    await createReplica("c", database),
  ] as const;
  const heal = async (): Promise<void> => {
    for (const { network } of replicas) network.set({});
    await postgres.start();
    for (const replica of replicas) await replica.start();
  };
  await heal();
  const [a, b, c] = replicas;
  return {
    postgres,
    inspector,
    replicas: [a, b, c],
    urls: replicas.map(({ url }) => url),
    heal,
    takeFaults: () => replicas.flatMap((replica) => replica.takeFaults()),
    saveLogs: async (folder) => {
      for (const replica of replicas) await writeFile(join(folder, `replica-${replica.name}.log`), replica.output());
    },
    close: async () => {
      for (const { network } of replicas) network.set({});
      await Promise.all(replicas.map((replica) => replica.kill()));
      await Promise.all(replicas.map(({ network }) => network.close()));
      await inspector.close();
    },
  };
}
