import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { createSilenceGuard, type SilenceGuard } from "../src/open/silence-guard.ts";
import { createTestPostgres, describePostgres, type TestPostgres } from "../src/testing/index.ts";

const limitMs = 500;

/** Between client and database: passes everything on until it is told to say nothing more. */
interface Line {
  url: string;
  silence: () => void;
  open: () => void;
  close: () => void;
}

async function openLine(url: string): Promise<Line> {
  const target = new URL(url);
  const port = Number(target.port || 5432);
  const sockets = new Set<Socket>();
  let isSilent = false;
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (bytes: Buffer) => isSilent || to.write(bytes));
      from.on("close", () => to.destroy());
      from.on("error", () => {});
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  target.hostname = "127.0.0.1";
  target.port = String((server.address() as AddressInfo).port);
  return {
    url: target.href,
    silence: () => {
      isSilent = true;
    },
    open: () => {
      isSilent = false;
    },
    close: () => {
      sockets.forEach((socket) => socket.destroy());
      server.close();
    },
  };
}

const outcome = (statement: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(statement).then(
    () => "answered",
    (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
  );

describePostgres("the silence guard", () => {
  let database: TestPostgres;
  let line: Line;
  let guard: SilenceGuard;
  let client: postgres.Sql;

  beforeAll(async () => {
    database = await createTestPostgres();
  });
  afterAll(() => database.drop());
  afterEach(async () => {
    await client.end({ timeout: 0 });
    guard.close();
    line.close();
  });

  async function open(max: number): Promise<void> {
    line = await openLine(database.url);
    guard = createSilenceGuard(limitMs);
    client = connectTo(max, guard.openSocket);
  }

  function connectTo(max: number, socket: SilenceGuard["openSocket"]): postgres.Sql {
    const options = { max, socket, backoff: () => 0.01, connect_timeout: 1 };
    return postgres(line.url, options);
  }

  it("fails the statements of a database that fell silent, and serves again when it speaks", async () => {
    await open(2);
    await Promise.all([client.unsafe("select 1"), client.unsafe("select 1")]);
    line.silence();
    const stuck = Array.from({ length: 6 }, () => outcome(client.unsafe("select 1")));
    const codes = await Promise.all(stuck);
    expect(codes).not.toContain("answered");
    expect(codes).toContain("ETIMEDOUT");
    line.open();
    await vi.waitFor(async () => expect(await outcome(client.unsafe("select 1"))).toBe("answered"));
  });

  it("leaves a connection alone on which nobody waits", async () => {
    await open(1);
    const [before] = await client.unsafe<{ pid: number }[]>("select pg_backend_pid() as pid");
    await delay(limitMs * 2); // Not a wait for something: nothing must happen in this time.
    const [after] = await client.unsafe<{ pid: number }[]>("select pg_backend_pid() as pid");
    expect(after).toEqual(before);
  });

  it("leaves a connection alone that is busy but speaks", async () => {
    await open(1);
    const statements = Array.from({ length: 5 }, () => outcome(client.unsafe(`select pg_sleep(${limitMs / 3000})`)));
    expect(new Set(await Promise.all(statements))).toEqual(new Set(["answered"]));
  });

  it("fails the statements of a transaction too", async () => {
    await open(1);
    const said: unknown[] = [];
    const transaction = client.begin(async (sql) => {
      await sql`select 1`;
      line.silence();
      said.push(await outcome(sql`select 1`));
    });
    await expect(transaction).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(said).toEqual(["ETIMEDOUT"]);
  });

  // postgres.js 3.4.9 without the patch left such a statement unanswered for ever.
  it("settles a statement that is sent between the failure of its connection and its end", async () => {
    await open(1);
    let socket: Socket | undefined;
    await client.end();
    client = connectTo(1, (endpoint, isAwaited) => (socket = guard.openSocket(endpoint, isAwaited)));
    await client.unsafe("select 1");
    const first = outcome(client.unsafe("select pg_sleep(5)"));
    const second = first.then(() => outcome(client.unsafe("select 1")));
    socket?.destroy(Object.assign(new Error("cut"), { code: "ECONNRESET" }));
    expect(await first).toBe("ECONNRESET");
    expect(["answered", "CONNECTION_CLOSED"]).toContain(await second);
  });
});
