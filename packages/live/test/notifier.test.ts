import { openDatabase, type Channel, type Database } from "@deepbot/db";
import { createTestPostgres, describePostgres, type TestPostgres } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMemoryNotifier } from "../src/memory-notifier.ts";
import type { Notifier, Topic } from "../src/notifier.ts";
import { openNotifier } from "../src/open-notifier.ts";
import { createPostgresNotifier, decodePayload, encodePayloads } from "../src/postgres-notifier.ts";

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
    const unsubscribe = notifier.subscribe("queue", () => {
      heard += 1;
      unsubscribe();
    });
    notifier.publish("queue");
    notifier.publish("queue");
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
    there.subscribe("queue", () => {
      heard += 1;
    });
    for (let n = 0; n < 5; n += 1) here[verb]("queue");
    await until("all have arrived", () => heard === 5);
    await here.close();
    await there.close();
    expect(heard).toBe(5);
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
      notifier.publish("queue");
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
    notifier.publish("queue");
    await until("it was tried again", () => opened > 2);
    await notifier.close();
    expect(opened).toBeGreaterThan(2);
  });
});

describe("a payload", () => {
  it("names its sender and counts every topic", () => {
    const topics = new Map<Topic, number>([
      ["queue", 3],
      ["dialog:12", 1],
      ["session:6f1d-4f0c", 1],
    ]);
    const [payload = ""] = encodePayloads({ origin: "me", topics });
    expect(decodePayload(payload)).toEqual({ origin: "me", topics });
  });

  it("is split to fit into NOTIFY, and loses nothing", () => {
    const topics = new Map(Array.from({ length: 3_000 }, (_, index): [Topic, number] => [`run:${index}`, 1]));
    const payloads = encodePayloads({ origin: "me", topics });
    expect(payloads.every((payload) => payload.length < 8_000)).toBe(true);
    expect(payloads.flatMap((payload) => [...decodePayload(payload).topics.keys()])).toEqual([...topics.keys()]);
  });

  it.each(["", "me", "me nonsense", "me run:x dialog: queue*NaN", "me run:1*1e9"])(
    "of %j breaks nothing",
    (payload) => {
      expect([...decodePayload(payload).topics.values()].every((count) => count >= 1 && count <= 100)).toBe(true);
    },
  );
});
