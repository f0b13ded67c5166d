import { readFileSync } from "node:fs";
import { get } from "node:http";
import { connect, type Socket } from "node:net";
import { openDatabase, type Database } from "@deepbot/db";
import { createTestPostgres, describePostgres, sql, type TestPostgres } from "@deepbot/db/testing";
import { signInPerson, startServerProcess, type Person, type ServerProcess } from "@deepbot/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

const memoryLimit = 1024 * 1024 * 1024;

/** The most memory that a process has had, in bytes; null where the system does not tell. */
function peakMemory(pid: number): number | null {
  try {
    const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}

interface Download {
  status: number;
  bytes: number;
  whole: boolean;
}

/** Reads a response and keeps nothing of it. */
function download(url: string, cookie: string): Promise<Download> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { cookie }, agent: false }, (response) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => (bytes += chunk.length));
      response.on("close", () => resolve({ status: response.statusCode ?? 0, bytes, whole: response.complete }));
      response.on("error", () => {});
    }).on("error", reject);
  });
}

/** Asks and reads nothing of the response. */
function ask(server: ServerProcess, path: string, cookie: string): Socket {
  const socket = connect(server.port, "127.0.0.1").pause();
  socket.on("error", () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\n\r\n`);
  return socket;
}

interface FullAccount {
  person: Person;
  dialogs: number[];
}

/** All these histories in one request. */
function batchOf(dialogs: readonly number[]): string {
  const input = JSON.stringify(Object.fromEntries(dialogs.map((dialog_id, index) => [index, { dialog_id }])));
  return `/trpc/${dialogs.map(() => "dialogs.get").join(",")}?batch=1&input=${encodeURIComponent(input)}`;
}

/** For 95 of 100 waits for `/livez`. A machine without other work needs a fifth of it. */
const usualWaitMs = 500;

/** For the slowest, because other tests may hold the processor. A history that is held whole stops the server for longer. */
const slowestWaitMs = 5_000;

describePostgres("accounts of 60 MB, read from two servers with 512 MB of heap", () => {
  let postgres: TestPostgres;
  let database: Database;
  let servers: ServerProcess[];

  /** A person with 240 messages of 50 kB in each of five dialogs. */
  const fillAccount = async (name: string): Promise<FullAccount> => {
    const person = await signInPerson(servers[0]?.url ?? "", name);
    const dialogs: number[] = [];
    for (let count = 0; count < 5; count += 1) {
      const { body } = await person.call<{ dialog: number }>("POST", "/dialogs/create", { dialog_name: "full" });
      dialogs.push(body.dialog);
      await database.db.execute(sql`
        insert into messages (dialog_id, user_id, content, seq)
        select ${body.dialog}::bigint, 1, repeat('fifty kB! ', 5000), seq from generate_series(1, 240) as seq`);
      await database.db.execute(sql`update dialogs set last_seq = 240 where dialog_id = ${body.dialog}`);
    }
    return { person, dialogs };
  };

  beforeAll(async () => {
    postgres = await createTestPostgres();
    database = await openDatabase({ engine: "postgres", url: postgres.url, maxConnections: 1 });
    const env = { DATABASE_URL: postgres.url, LOG_LEVEL: "warn", NODE_OPTIONS: "--max-old-space-size=512" };
    servers = await Promise.all([startServerProcess(env), startServerProcess(env)]);
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.kill()));
    await database.close();
    await postgres.drop();
  });

  /** Asks as somebody else until `reading` has ended; gives the waits for `/livez` in milliseconds. */
  const serveOthers = async ({ url }: ServerProcess, reading: Promise<unknown>): Promise<number[]> => {
    const { cookie } = await signInPerson(url, "bob");
    const waits: number[] = [];
    const state = { ended: false };
    const end = (): void => {
      state.ended = true;
    };
    void reading.then(end, end);
    while (!state.ended) {
      const begunAt = performance.now();
      expect((await fetch(`${url}/livez`)).status).toBe(200);
      waits.push(performance.now() - begunAt);
      expect((await fetch(`${url}/me`, { headers: { cookie } })).status).toBe(200);
    }
    return waits;
  };

  test("are sent whole to who reads, are held for nobody who does not, and others are served", async () => {
    const [ann, cat] = [await fillAccount("ann"), await fillAccount("cat")];
    const ten = batchOf([...ann.dialogs, ...ann.dialogs]);
    const unread = ["/me/export", ten, ten, ten, ten, ten];
    const idle = servers.flatMap((server) => unread.map((path) => ask(server, path, ann.person.cookie)));
    const read = [batchOf(cat.dialogs), "/me/export"];
    const reading = Promise.all(
      servers.flatMap(({ url }) => read.map((path) => download(url + path, cat.person.cookie))),
    );
    const waits = await Promise.all(servers.map((server) => serveOthers(server, reading)));
    for (const { status, whole, bytes } of await reading) {
      expect([status, whole]).toEqual([200, true]);
      expect(bytes).toBeGreaterThan(60_000_000);
    }
    const sorted = waits.flat().toSorted((a, b) => a - b);
    expect(sorted[Math.floor(0.95 * sorted.length)]).toBeLessThan(usualWaitMs);
    expect(sorted.at(-1)).toBeLessThan(slowestWaitMs);
    for (const { pid } of servers) expect(peakMemory(pid) ?? 0).toBeLessThan(memoryLimit);
    for (const socket of idle) socket.destroy();
  }, 120_000);
});
