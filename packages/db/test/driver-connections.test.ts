import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setImmediate as nextTick } from "node:timers/promises";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { createTestPostgres, describePostgres, type TestPostgres } from "../src/testing/index.ts";
import { openLine, outcomeOf, type Line } from "./silent-line.ts";

/** What hangs without the patch fails soon. */
const hangs = { timeout: 5_000 };

describePostgres("a connection of the driver that ends (patches/postgres)", () => {
  let database: TestPostgres;
  let line: Line;
  let client: postgres.Sql;
  let sockets: Socket[];
  let unhandled: unknown[];
  const onUnhandled = (error: unknown): void => {
    unhandled.push(error);
  };

  beforeAll(async () => {
    database = await createTestPostgres();
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    unhandled = [];
    sockets = [];
    process.on("unhandledRejection", onUnhandled);
    line = await openLine(database.url);
    client = postgres(line.url, options);
  });
  afterEach(async () => {
    process.off("unhandledRejection", onUnhandled);
    await client.end({ timeout: 0 });
    line.close();
  });

  /** The types of the driver leave `socket` out. */
  const options = {
    max: 1,
    backoff: () => 0.01,
    connect_timeout: 1,
    onnotice: () => {},
    socket: ({ host, port }: { host: string[]; port: number[] }): Socket => {
      const socket = connect({ host: host[0] ?? "", port: port[0] ?? 0 });
      sockets.push(socket);
      return Object.assign(socket, { host: host[0] });
    },
  };
  const newest = (): Socket => {
    const socket = sockets.at(-1);
    if (socket === undefined) throw new Error("No connection was opened.");
    return socket;
  };
  const end = async (socket: Socket): Promise<void> => {
    const closed = once(socket, "close");
    socket.destroy();
    await closed;
  };

  it("fails a later statement of its transaction, and ends neither the process nor the pool", hangs, async () => {
    const outcomes: unknown[] = [];
    const transaction = client.begin(async (sql) => {
      await sql`select 1`;
      await end(newest());
      outcomes.push(await outcomeOf(sql`select 2`));
    });
    expect(await outcomeOf(transaction)).toBe("CONNECTION_CLOSED");
    expect(await outcomeOf(client.unsafe("select 1"))).toBe("answered");
    expect(outcomes).toEqual(["CONNECTION_CLOSED"]);
  });

  it("is replaced by one that sends, though a statement was about to be sent", hangs, async () => {
    await client.unsafe("select 1");
    // Between two rounds of immediates, so that the connection closes before the driver's own immediate sends.
    await nextTick();
    newest().destroy();
    expect(await outcomeOf(client.unsafe("select 2"))).toBe("CONNECTION_CLOSED");
    expect(await outcomeOf(client.unsafe("select 3"))).toBe("answered");
  });

  it("resolves or rejects a statement that it was given between its error and its close", hangs, async () => {
    await client.unsafe("select 1");
    const first = outcomeOf(client.unsafe("select pg_sleep(5)"));
    const second = first.then(() => outcomeOf(client.unsafe("select 1")));
    newest().destroy(Object.assign(new Error("cut"), { code: "ECONNRESET" }));
    expect(await first).toBe("ECONNRESET");
    expect(["answered", "CONNECTION_CLOSED"]).toContain(await second);
  });

  it.each(["before", "after"])("lets the pool end %s its close, after an error", hangs, async (when) => {
    await client.unsafe("select 1");
    const stuck = outcomeOf(client.unsafe("select pg_sleep(5)"));
    const closed = new Promise((resolve) => newest().once("close", resolve));
    newest().destroy(Object.assign(new Error("cut"), { code: "ECONNRESET" }));
    expect(await stuck).toBe("ECONNRESET");
    if (when === "after") await closed;
    await client.end();
  });

  it("leaves no unhandled rejection when it is lost while it asks for the array types", hangs, async () => {
    line.cutOn("typarray");
    expect(await outcomeOf(client.unsafe("select 1"))).toBe("ECONNRESET");
    expect(await outcomeOf(client.unsafe("select 1"))).toBe("answered");
    expect(unhandled).toEqual([]);
  });

  it("may report an error after its end", async () => {
    await client.unsafe("select 1");
    const socket = newest();
    await end(socket);
    expect(() => socket.emit("error", new Error("late"))).not.toThrow();
  });
});
