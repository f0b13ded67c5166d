import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { decodeHints, encodeHints } from "../src/hints/hint-payload.ts";
import type { Hints, Topic } from "../src/hints/hints.ts";
import { createMemoryHints } from "../src/hints/memory-hints.ts";
import { createPostgresHints, type Listener } from "../src/hints/postgres-hints.ts";
import { openDatabase, type Database } from "../src/index.ts";
import { createTestPostgres, describePostgres, type TestPostgres } from "../src/testing/index.ts";

const until = (what: string, look: () => boolean): Promise<void> =>
  vi.waitFor(() => expect(look(), what).toBe(true), { timeout: 20_000, interval: 5 });

const silent = { info: () => {}, warn: () => {} };

/** What every implementation promises to who uses it inside one process. */
function contract(open: () => Promise<Hints>): void {
  let hints: Hints;
  beforeAll(async () => {
    hints = await open();
  });
  afterAll(() => hints.close());

  it("reach every subscriber of their topic at once, and nobody else", () => {
    const heard: string[] = [];
    const ends = [
      hints.subscribe("dialog:1", () => heard.push("a")),
      hints.subscribe("dialog:1", () => heard.push("b")),
      hints.subscribe("dialog:2", () => heard.push("c")),
    ];
    hints.publish("dialog:1");
    expect(heard).toEqual(["a", "b"]);
    ends.forEach((end) => end());
    hints.publish("dialog:1");
    expect(heard).toEqual(["a", "b"]);
  });

  it("stop with the subscription, also when it ends while they are given out", () => {
    let heard = 0;
    const end = hints.subscribe("queue", () => {
      heard += 1;
      end();
    });
    hints.publish("queue");
    hints.publish("queue");
    expect(heard).toBe(1);
  });

  it("may be subscribed to twice by one function", () => {
    let heard = 0;
    const count = (): void => {
      heard += 1;
    };
    const ends = [hints.subscribe("run:1", count), hints.subscribe("run:1", count)];
    hints.publish("run:1");
    expect(heard).toBe(2);
    ends[0]?.();
    hints.publish("run:1");
    expect(heard).toBe(3);
    ends[1]?.();
  });
}

describe("hints in memory", () => contract(async () => createMemoryHints()));

describePostgres("hints over PostgreSQL", () => {
  let server: TestPostgres;
  const databases: Database[] = [];
  const open = async (): Promise<Hints> => {
    const database = await openDatabase({ engine: "postgres", url: server.url, maxConnections: 2 });
    databases.push(database);
    return database.openHints(silent);
  };
  beforeAll(async () => {
    server = await createTestPostgres();
  });
  afterAll(async () => {
    await Promise.all(databases.map((database) => database.close()));
    await server.drop();
  });

  describe("inside one process", () => contract(open));

  it("reach other processes, as often as they were given", async () => {
    const [here, there] = [await open(), await open()];
    let heard = 0;
    there.subscribe("queue", () => {
      heard += 1;
    });
    for (let n = 0; n < 5; n += 1) here.publish("queue");
    await until("they have come", () => heard === 5);
    await here.close();
    await there.close();
    expect(heard).toBe(5);
  });

  it("come again after the listening connection was cut, and who waits is told to look", async () => {
    const [here, there] = [await open(), await open()];
    let gaps = 0;
    let heard = 0;
    there.onGap(() => {
      gaps += 1;
    });
    there.subscribe("run:1", () => {
      heard += 1;
    });
    const [database] = databases;
    await database?.db.execute(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'deepbot-hints'",
    );
    await until("the gap is told", () => gaps > 0);
    await until("hints come again", () => {
      here.publish("run:1");
      return heard > 0;
    });
    await here.close();
    await there.close();
    expect(gaps).toBeGreaterThan(0);
  });
});

describe("hints over a connection that goes deaf", () => {
  it("are heard again through a new one, and who waits is told to look", async () => {
    const ears: ((payload: string) => void)[] = [];
    let deaf = false;
    const listen = async (onPayload: (payload: string) => void, onListening: () => void): Promise<Listener> => {
      ears.push(onPayload);
      onListening();
      return { close: async () => {} };
    };
    const hints = await createPostgresHints({
      log: silent,
      listen,
      notify: async (payload) => {
        if (!deaf) ears.at(-1)?.(payload);
      },
      echoIntervalMs: 10,
      silenceLimitMs: 60,
    });
    let gaps = 0;
    hints.onGap(() => {
      gaps += 1;
    });
    deaf = true;
    await until("the connection is replaced", () => ears.length > 1 && gaps > 0);
    deaf = false;
    const replaced = ears.length;
    await until("its echo has come a few times", () => {
      hints.publish("queue");
      return ears.length === replaced;
    });
    await hints.close();
    expect(gaps).toBeGreaterThan(0);
  });

  it("keep the process alive and quiet while the database is away", async () => {
    let opened = 0;
    const hints = await createPostgresHints({
      log: silent,
      listen: async () => {
        opened += 1;
        throw new Error("away");
      },
      notify: async () => {
        throw new Error("away");
      },
      echoIntervalMs: 5,
      silenceLimitMs: 20,
    });
    hints.publish("queue");
    await until("it has tried again", () => opened > 2);
    await hints.close();
    expect(opened).toBeGreaterThan(2);
  });
});

describe("a payload of hints", () => {
  it("tells who sent it, and how often each topic was hinted at", () => {
    const topics = new Map<Topic, number>([
      ["queue", 3],
      ["dialog:12", 1],
      ["session:6f1d-4f0c", 1],
    ]);
    const [payload = ""] = encodeHints({ origin: "me", topics });
    expect(decodeHints(payload)).toEqual({ origin: "me", topics });
  });

  it("is cut into several that PostgreSQL takes, and loses nothing", () => {
    const topics = new Map(Array.from({ length: 3_000 }, (_, index): [Topic, number] => [`run:${index}`, 1]));
    const payloads = encodeHints({ origin: "me", topics });
    expect(payloads.every((payload) => payload.length < 8_000)).toBe(true);
    expect(payloads.flatMap((payload) => [...decodeHints(payload).topics.keys()])).toEqual([...topics.keys()]);
  });

  it.each(["", "me", "me nonsense", "me run:x dialog: queue*NaN", "me run:1*1e9"])(
    "of %j breaks nothing",
    (payload) => {
      expect([...decodeHints(payload).topics.values()].every((count) => count >= 1 && count <= 100)).toBe(true);
    },
  );
});
