import { describe, expect, it } from "vitest";
import { readOutgoing, writeOutgoing, type Outgoing } from "../src/features/chat/unsent/drafts.ts";
import { createOutbox, type Unsent } from "../src/features/chat/unsent/outbox.ts";
import type { Store } from "../src/lib/store.ts";
import { memoryStorage } from "./support/memory-storage.ts";
import { outage, refusal } from "./support/errors.ts";

const key = { userId: 1, dialogId: 2 };
const leftover = { clientMessageId: "id-0", text: "Left" };

/** @param outcomes of the deliveries, in order: `null` stores the message, anything else is thrown */
function setUp(outcomes: unknown[], storage = memoryStorage()) {
  const delivered: Outgoing[] = [];
  const pauses: number[] = [];
  let lastId = 0;
  const outbox = createOutbox({
    storage,
    deliver: async (_, outgoing) => {
      delivered.push(outgoing);
      const outcome = await outcomes.shift();
      if (outcome !== null) throw outcome;
    },
    pause: async (delayMs) => void pauses.push(delayMs),
    createId: () => {
      lastId += 1;
      return `id-${lastId}`;
    },
  });
  return { outbox, storage, delivered, pauses, store: outbox.unsent(key) };
}

function storageWithLeftover() {
  const storage = memoryStorage();
  writeOutgoing(storage, key, leftover);
  return storage;
}

function untilStore(store: Store<Unsent | null>, isReached: (unsent: Unsent | null) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => void (isReached(store.get()) && resolve());
    store.subscribe(check);
    check();
  });
}

describe("the outbox", () => {
  it("stores a message until the server has it", async () => {
    const { outbox, storage, store } = setUp([null]);
    outbox.send(key, "Hello");
    expect(store.get()).toMatchObject({ text: "Hello", phase: "sending" });
    expect(readOutgoing(storage, key)).toEqual({ clientMessageId: "id-1", text: "Hello" });
    await untilStore(store, (unsent) => unsent === null);
    expect(readOutgoing(storage, key)).toBeNull();
  });

  it("retries under the same id with growing pauses while the server is unavailable", async () => {
    const { outbox, store, delivered, pauses } = setUp([
      outage(),
      refusal("database_unavailable", 503),
      outage(),
      null,
    ]);
    outbox.send(key, "Hello");
    await untilStore(store, (unsent) => unsent?.phase === "waiting");
    await untilStore(store, (unsent) => unsent === null);
    expect(delivered.map(({ clientMessageId }) => clientMessageId)).toEqual(["id-1", "id-1", "id-1", "id-1"]);
    expect(pauses).toEqual([500, 1000, 2000]);
  });

  it("sends a message that an earlier page left, under its id and once", async () => {
    const { outbox, store, delivered } = setUp([null], storageWithLeftover());
    expect(store.get()).toMatchObject({ text: "Left", phase: "waiting" });
    outbox.resume(key);
    outbox.resume(key);
    await untilStore(store, (unsent) => unsent === null);
    expect(delivered).toEqual([leftover]);
  });

  it("keeps a refused message until it is sent again or discarded", async () => {
    const error = refusal("answer_awaited", 409);
    const { outbox, store, storage, delivered } = setUp([error, error]);
    outbox.send(key, "Hello");
    await untilStore(store, (unsent) => unsent?.phase === "refused");
    expect(store.get()?.error).toBe(error);
    outbox.resume(key);
    await untilStore(store, (unsent) => unsent?.phase === "refused" && delivered.length === 2);
    outbox.discard(key);
    expect(store.get()).toBeNull();
    expect(readOutgoing(storage, key)).toBeNull();
  });

  it("keeps a message when the session ends, and sends it after the next sign-in", async () => {
    const { outbox, store, storage, delivered } = setUp([refusal("session_invalid", 401), null]);
    outbox.send(key, "Hello");
    await untilStore(store, (unsent) => unsent?.phase === "waiting");
    expect(readOutgoing(storage, key)?.text).toBe("Hello");
    expect(delivered).toHaveLength(1);
    outbox.resume(key);
    await untilStore(store, (unsent) => unsent === null);
    expect(delivered.map(({ clientMessageId }) => clientMessageId)).toEqual(["id-1", "id-1"]);
  });

  it("does not show one person's message to another", () => {
    const { outbox } = setUp([], storageWithLeftover());
    expect(outbox.unsent({ userId: 9, dialogId: 2 }).get()).toBeNull();
    expect(outbox.unsent({ userId: 1, dialogId: 9 }).get()).toBeNull();
  });
});

describe("the outcome of a discarded message", () => {
  it.each([
    { name: "stored", outcome: null },
    { name: "refused", outcome: refusal("answer_awaited", 409) },
    { name: "unavailable", outcome: outage() },
    { name: "signed out", outcome: refusal("session_invalid", 401) },
  ])("does not touch the next message: $name", async ({ outcome }) => {
    const first = Promise.withResolvers<unknown>();
    const second = Promise.withResolvers<unknown>();
    const { outbox, storage, store, delivered, pauses } = setUp([first.promise, second.promise]);
    outbox.send(key, "First");
    outbox.discard(key);
    outbox.send(key, "Second");
    first.resolve(outcome);
    await first.promise;
    // A task later, everything that the first outcome sets off has run.
    await new Promise((resolve) => setTimeout(resolve));
    expect(store.get()).toMatchObject({ clientMessageId: "id-2", text: "Second", phase: "sending" });
    expect(readOutgoing(storage, key)).toEqual({ clientMessageId: "id-2", text: "Second" });
    expect(pauses).toEqual([]);
    second.resolve(null);
    await untilStore(store, (unsent) => unsent === null);
    expect(delivered.map(({ text }) => text)).toEqual(["First", "Second"]);
  });

  it("is not shown after the outbox was cleared, and nothing is sent again", async () => {
    const first = Promise.withResolvers<unknown>();
    const { outbox, storage, delivered } = setUp([first.promise, null]);
    outbox.send(key, "First");
    writeOutgoing(storage, key, null);
    outbox.clear();
    first.resolve(outage());
    await first.promise;
    await new Promise((resolve) => setTimeout(resolve));
    expect(outbox.unsent(key).get()).toBeNull();
    expect(readOutgoing(storage, key)).toBeNull();
    expect(delivered).toHaveLength(1);
  });

  it("stays discarded when it was waiting for a retry", async () => {
    const { outbox, store, delivered } = setUp([outage(), null]);
    outbox.send(key, "First");
    await untilStore(store, (unsent) => unsent?.phase === "waiting");
    outbox.discard(key);
    await new Promise((resolve) => setTimeout(resolve));
    expect(store.get()).toBeNull();
    expect(delivered).toHaveLength(1);
  });
});

describe("clearing the outbox", () => {
  it("drops messages from memory, for the same person too", async () => {
    const { outbox, storage, store } = setUp([refusal("answer_awaited", 409)]);
    outbox.send(key, "Hello");
    await untilStore(store, (unsent) => unsent?.phase === "refused");
    writeOutgoing(storage, key, null);
    outbox.clear();
    expect(store.get()).toBeNull();
    expect(outbox.unsent(key).get()).toBeNull();
  });

  it("makes it read the storage again", () => {
    const { outbox, storage, store } = setUp([]);
    writeOutgoing(storage, key, leftover);
    expect(store.get()).toBeNull();
    outbox.clear();
    expect(outbox.unsent(key).get()?.text).toBe("Left");
  });
});
