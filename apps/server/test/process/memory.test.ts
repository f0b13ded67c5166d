import { readFileSync } from "node:fs";
import { get } from "node:http";
import { connect, type Socket } from "node:net";
import { openDatabase, type Database } from "@deepbot/db";
import { createTestPostgres, describePostgres, sql, type TestPostgres } from "@deepbot/db/testing";
import { signInPerson, startServerProcess, until, type Person, type ServerProcess } from "@deepbot/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

const megabyte = 1024 * 1024;

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

describePostgres("an account of 60 MB, read by two servers with 512 MB of heap", () => {
  let postgres: TestPostgres;
  let database: Database;
  let servers: ServerProcess[];
  let ann: Person;
  let dialogs: number[];

  beforeAll(async () => {
    postgres = await createTestPostgres();
    database = await openDatabase({ engine: "postgres", url: postgres.url, maxConnections: 1 });
    const env = { DATABASE_URL: postgres.url, LOG_LEVEL: "warn", NODE_OPTIONS: "--max-old-space-size=512" };
    servers = await Promise.all([startServerProcess(env), startServerProcess(env)]);
    const url = servers[0]?.url ?? "";
    ann = await signInPerson(url, "ann");
    dialogs = [];
    for (let count = 0; count < 5; count += 1) {
      const { body } = await ann.call<{ dialog: number }>("POST", "/dialogs/create", { dialog_name: "full" });
      dialogs.push(body.dialog);
    }
    // 240 messages of 50 kB in each, which PostgreSQL cannot compress to nothing.
    await database.db.execute(sql`
      insert into messages (dialog_id, user_id, content, seq)
      select dialog_id, 1, (select string_agg(md5(dialog_id || ' ' || seq || ' ' || part), '') from generate_series(1, 1563) as part), seq
      from dialogs, generate_series(1, 240) as seq`);
    await database.db.execute(sql`update dialogs set last_seq = 240`);
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.kill()));
    await database.close();
    await postgres.drop();
  });

  test("serves others meanwhile, and stays within its memory", async () => {
    const { cookie } = ann;
    const batch = `/trpc/${dialogs.map(() => "dialogs.get,dialogs.get").join(",")}?batch=1&input=${encodeURIComponent(
      JSON.stringify(Object.fromEntries([...dialogs, ...dialogs].map((dialog_id, index) => [index, { dialog_id }]))),
    )}`;
    const idle = servers.flatMap((server) =>
      [batch, "/me/export", ...dialogs.map((id) => `/dialogs/${id}`)].map((path) => ask(server, path, cookie)),
    );
    const bob = await signInPerson(servers[0]?.url ?? "", "bob");
    let reading = true;
    const slowest = { livez: 0, me: 0 };
    const probe = async ({ url }: ServerProcess): Promise<void> => {
      while (reading) {
        const begunAt = performance.now();
        expect((await fetch(`${url}/livez`)).status).toBe(200);
        const aliveAt = performance.now();
        expect((await fetch(`${url}/me`, { headers: { cookie: bob.cookie } })).status).toBe(200);
        slowest.livez = Math.max(slowest.livez, aliveAt - begunAt);
        slowest.me = Math.max(slowest.me, performance.now() - aliveAt);
      }
    };
    const probes = servers.map(probe);
    const reads = await Promise.all(
      servers.flatMap(({ url }) => [
        ...Array.from({ length: 3 }, () => download(url + batch, cookie)),
        ...dialogs.map((id) => download(`${url}/dialogs/${id}`, cookie)),
      ]),
    );
    reading = false;
    await Promise.all(probes);
    console.log(slowest, reads, servers.map(({ pid }) => (peakMemory(pid) ?? 0) / megabyte));
    // Reads beyond the person's share are refused, and the others come whole.
    expect(reads.every(({ whole }) => whole)).toBe(true);
    expect(reads.some(({ status, bytes }) => status !== 503 && bytes > 10 * megabyte)).toBe(true);
    expect(slowest.livez).toBeLessThan(500);

    for (const socket of idle) socket.destroy();
    const { url = "" } = servers[0] ?? {};
    const exported = await until("the account can be exported again", async () => {
      const outcome = await download(`${url}/me/export`, cookie);
      return outcome.status === 200 && outcome;
    });
    expect(exported.whole).toBe(true);
    expect(exported.bytes).toBeGreaterThan(60 * 1_000_000);
    expect((await download(url + batch, cookie)).bytes).toBeGreaterThan(120 * 1_000_000);
    for (const { pid } of servers) {
      const peak = peakMemory(pid);
      if (peak !== null) expect(peak).toBeLessThan(1024 * megabyte);
    }
  });
});
