import { openDatabase, type Channel, type Database } from "@deepbot/db";
import { createTestPostgres, describePostgres, type TestPostgres } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMemoryNotifier } from "../src/memory-notifier.ts";
import type { Notifier, Readiness } from "../src/notifier.ts";
import { openNotifier } from "../src/open-notifier.ts";
import { decodePayload, encodePayloads, type Entry } from "../src/payload.ts";
import { createPostgresNotifier } from "../src/postgres-notifier.ts";

const readyFor = (...assistantIds: number[]): Readiness => ({ all: false, assistantIds: new Set(assistantIds) });

const silent = { info: () => {}, warn: () => {} };

/** What every implementation promises inside one process. */
function itIsANotifier(open: () => Promise<Notifier>): void {
  let notifier: Notifier;
  beforeAll(async () => {
    notifier = await open();
  });
  afterAll(() => notifier.close());

  it("notifies every subscriber of the topic at once, and nobody else", () => {
    const heard: string[] = [];
    const unsubscribes = [
      notifier.subscribe("dialog:1", () => heard.push("a")),
      notifier.subscribe("dialog:1", () => heard.push("b")),
      notifier.subscribe("dialog:2", () => heard.push("c")),
    ];
    notifier.publish("dialog:1");
    expect(heard).toEqual(["a", "b"]);
    unsubscribes.forEach((unsubscribe) => unsubscribe());
    notifier.publish("dialog:1");
    expect(heard).toEqual(["a", "b"]);
  });

  it("does not notify a subscription that ends during a notification", () => {
    let heard = 0;
    const unsubscribe = notifier.subscribe("dialog:3", () => {
      heard += 1;
      unsubscribe();
    });
    notifier.publish("dialog:3");
    notifier.publish("dialog:3");
    expect(heard).toBe(1);
  });

  it("keeps two subscriptions of the same function apart", () => {
    let heard = 0;
    const count = (): void => {
      heard += 1;
    };
    const unsubscribes = [notifier.subscribe("run:1", count), notifier.subscribe("run:1", count)];
    notifier.publish("run:1");
    expect(heard).toBe(2);
    unsubscribes[0]?.();
    notifier.publish("run:1");
    expect(heard).toBe(3);
    unsubscribes[1]?.();
  });

  it("offers work to the taker of this process while it is ready", () => {
    let taken = 0;
    notifier.takeWork({ readiness: () => readyFor(1), take: () => (taken += 1) });
    notifier.offerWork(1);
    notifier.offerWork(1);
    expect(taken).toBe(2);
  });

  it("leaves this process out when only others are to be notified", () => {
    let heard = 0;
    const unsubscribe = notifier.subscribe("run:2", () => {
      heard += 1;
    });
    notifier.publishElsewhere("run:2");
    expect(heard).toBe(0);
    unsubscribe();
  });
}

describe("a notifier in memory", () => itIsANotifier(async () => createMemoryNotifier()));

describePostgres("a notifier over PostgreSQL", () => {
  let server: TestPostgres;
  const databases: Database[] = [];
  const open = async (): Promise<Notifier> => {
    const database = await openDatabase({ engine: "postgres", url: server.url, maxConnections: 2 });
    databases.push(database);
    return openNotifier(database, silent);
  };
  beforeAll(async () => {
    server = await createTestPostgres();
  });
  afterAll(async () => {
    await Promise.all(databases.map((database) => database.close()));
    await server.drop();
  });

  describe("inside one process", () => itIsANotifier(open));

  it.each(["publish", "publishElsewhere"] as const)("notifies other processes once for each %s", async (verb) => {
    const [here, there] = [await open(), await open()];
    let heard = 0;
    there.subscribe("dialog:3", () => {
      heard += 1;
    });
    for (let n = 0; n < 5; n += 1) here[verb]("dialog:3");
    await until("all have arrived", () => heard === 5);
    await here.close();
    await there.close();
    expect(heard).toBe(5);
  });

  describe("of work", () => {
    const openTaker = async (isReady: boolean) => {
      const database = await openDatabase({ engine: "postgres", url: server.url, maxConnections: 2 });
      databases.push(database);
      if (database.channel === null) throw new Error("There is no channel.");
      const notifier = await createPostgresNotifier({ log: silent, channel: database.channel, echoIntervalMs: 20 });
      const taker = { isReady, taken: 0, notifier };
      notifier.takeWork({ readiness: () => readyFor(...(taker.isReady ? [1] : [])), take: () => (taker.taken += 1) });
      return taker;
    };
    const offer = async (from: Awaited<ReturnType<typeof openTaker>>, count: number) => {
      for (let n = 0; n < count; n += 1) from.notifier.offerWork(1);
      // What was sent before a notification arrives before it.
      await until("all was sent", async () => {
        let echoed = false;
        const unsubscribe = observer.notifier.subscribe("dialog:9", () => (echoed = true));
        from.notifier.publish("dialog:9");
        await until("the echo is there", () => echoed);
        unsubscribe();
        return true;
      });
    };
    let observer: Awaited<ReturnType<typeof openTaker>>;

    it("gives each piece to one process that is ready, one after the other, and to all while none is known to be", async () => {
      observer = await openTaker(false);
      const [asking, one, other] = [await openTaker(false), await openTaker(false), await openTaker(false)];
      await offer(asking, 1);
      await until("all have it", () => [asking, one, other].every(({ taken }) => taken === 1));
      for (const taker of [one, other]) taker.isReady = true;
      await until("both are known to be ready", async () => {
        const before = [asking, one, other].map(({ taken }) => taken);
        await offer(asking, 2);
        await until("it is taken", () => one.taken + other.taken >= (before[1] ?? 0) + (before[2] ?? 0) + 2);
        return asking.taken === before[0] && one.taken === (before[1] ?? 0) + 1 && other.taken === (before[2] ?? 0) + 1;
      });
      const before = one.taken + other.taken;
      await offer(asking, 10);
      await until("all is taken", () => one.taken + other.taken >= before + 10);
      expect(one.taken + other.taken).toBe(before + 10);
      for (const { notifier } of [observer, asking, one, other]) await notifier.close();
    });
  });

  it("listens again after its connection was cut, and reports the gap", async () => {
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
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'deepbot-listen'",
    );
    await until("the gap is reported", () => gaps > 0);
    await until("notifications arrive again", () => {
      here.publish("run:1");
      return heard > 0;
    });
    await here.close();
    await there.close();
    expect(gaps).toBeGreaterThan(0);
  });
});

describe("a connection that goes deaf", () => {
  it("is replaced, and the gap is reported", async () => {
    const ears: ((payload: string) => void)[] = [];
    let deaf = false;
    const channel: Channel = {
      listen: async (onPayload, onListening) => {
        ears.push(onPayload);
        onListening();
        return { close: async () => {} };
      },
      notify: async (payload) => {
        if (!deaf) ears.at(-1)?.(payload);
      },
    };
    const notifier = await createPostgresNotifier({ log: silent, channel, echoIntervalMs: 10, silenceLimitMs: 60 });
    let gaps = 0;
    notifier.onGap(() => {
      gaps += 1;
    });
    deaf = true;
    await until("the connection is replaced", () => ears.length > 1 && gaps > 0);
    deaf = false;
    const replaced = ears.length;
    await until("its echo has arrived a few times", () => {
      notifier.publish("dialog:3");
      return ears.length === replaced;
    });
    await notifier.close();
    expect(gaps).toBeGreaterThan(0);
  });

  it("is tried again and again while the database is away", async () => {
    let opened = 0;
    const channel: Channel = {
      listen: async () => {
        opened += 1;
        throw new Error("away");
      },
      notify: async () => {
        throw new Error("away");
      },
    };
    const notifier = await createPostgresNotifier({ log: silent, channel, echoIntervalMs: 5, silenceLimitMs: 20 });
    notifier.publish("dialog:3");
    await until("it was tried again", () => opened > 2);
    await notifier.close();
    expect(opened).toBeGreaterThan(2);
  });
});

describe("a payload", () => {
  it("names its sender, says whose work it is ready for, and counts every entry", () => {
    const entries = new Map<Entry, number>([
      ["queue", 3],
      ["queue@6f1d-4f0c", 1],
      ["queue:7", 1],
      ["queue:7@6f1d-4f0c", 2],
      ["dialog:12", 1],
      ["session:6f1d-4f0c", 1],
    ]);
    for (const readiness of [readyFor(), readyFor(1), readyFor(7, 9), readyFor(1, 7), { ...readyFor(1), all: true }]) {
      const [payload = ""] = encodePayloads({ origin: "me", readiness, entries });
      expect(decodePayload(payload)).toEqual({ origin: "me", readiness, entries });
    }
  });

  it("is the one of the version before for work of the default assistant, and that version ignores the rest", () => {
    const entries = new Map<Entry, number>([["queue", 1]]);
    expect(encodePayloads({ origin: "me", readiness: readyFor(1), entries })).toEqual(["me ready queue"]);
    expect(encodePayloads({ origin: "me", readiness: readyFor(7), entries })).toEqual(["me ready:7 queue"]);
    expect(encodePayloads({ origin: "me", readiness: { ...readyFor(), all: true }, entries })).toEqual([
      "me ready ready:all queue",
    ]);
  });

  it("is split to fit into NOTIFY, and loses nothing", () => {
    const entries = new Map(Array.from({ length: 3_000 }, (_, index): [Entry, number] => [`run:${index}`, 1]));
    const payloads = encodePayloads({ origin: "me", readiness: readyFor(1), entries });
    expect(payloads.every((payload) => payload.length < 8_000)).toBe(true);
    expect(payloads.every((payload) => decodePayload(payload).readiness.assistantIds.has(1))).toBe(true);
    expect(payloads.flatMap((payload) => [...decodePayload(payload).entries.keys()])).toEqual([...entries.keys()]);
  });

  it.each(["", "me", "me nonsense", "me run:x dialog: queue*NaN", "me run:1*1e9"])(
    "of %j breaks nothing",
    (payload) => {
      expect([...decodePayload(payload).entries.values()].every((count) => count >= 1 && count <= 100)).toBe(true);
    },
  );
});
