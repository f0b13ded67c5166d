import { describe, expect, it } from "vitest";
import { readOutgoing, type Outgoing } from "../src/features/chat/kept-texts.ts";
import { createOutbox, type Unsent } from "../src/features/chat/model/outbox.ts";
import type { Store } from "../src/lib/store.ts";
import { memoryStorage } from "./support/memory-storage.ts";
import { outage, refusal } from "./support/refusals.ts";

const key = { userId: 1, dialogId: 2 };
const ids = ["id-1", "id-2"];

/** A platform that answers calls in turn as it is told; `null` takes the message. */
function setUp({
  answers,
  storage = memoryStorage(),
}: {
  answers: unknown[];
  storage?: ReturnType<typeof memoryStorage>;
}) {
  const delivered: Outgoing[] = [];
  const pauses: number[] = [];
  let nextId = 0;
  const outbox = createOutbox({
    storage,
    deliver: async (_, outgoing) => {
      delivered.push(outgoing);
      const answer = answers.shift();
      if (answer !== null) throw answer;
    },
    pause: async (delayMs) => void pauses.push(delayMs),
    createId: () => ids[nextId++] ?? "none",
  });
  return { outbox, storage, delivered, pauses, store: outbox.unsent(key) };
}

/** Waits until a message on its way is as wanted. */
function settled(store: Store<Unsent | null>, isWanted: (unsent: Unsent | null) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => void (isWanted(store.get()) && resolve());
    store.subscribe(look);
    look();
  });
}

describe("the outbox", () => {
  it("keeps a message until the platform has taken it", async () => {
    const { outbox, storage, store } = setUp({ answers: [null] });
    outbox.send(key, "Hello");
    expect(store.get()).toMatchObject({ text: "Hello", phase: "sending" });
    expect(readOutgoing(storage, key)).toEqual({ clientMessageId: "id-1", text: "Hello" });
    await settled(store, (unsent) => unsent === null);
    expect(readOutgoing(storage, key)).toBeNull();
  });

  it("sends again under the same id while the platform is away, ever more slowly", async () => {
    const { outbox, store, delivered, pauses } = setUp({
      answers: [outage(), refusal("database_unavailable", 503), outage(), null],
    });
    outbox.send(key, "Hello");
    await settled(store, (unsent) => unsent?.phase === "waiting");
    await settled(store, (unsent) => unsent === null);
    expect(delivered.map(({ clientMessageId }) => clientMessageId)).toEqual(["id-1", "id-1", "id-1", "id-1"]);
    expect(pauses).toEqual([500, 1000, 2000]);
  });

  it("sends what an earlier page has left, under its id", async () => {
    const left = JSON.stringify({ clientMessageId: "id-0", text: "Left" });
    const { outbox, store, delivered } = setUp({ answers: [null], storage: memoryStorage({ "outgoing.1.2": left }) });
    expect(store.get()).toMatchObject({ text: "Left", phase: "waiting" });
    outbox.resume(key);
    outbox.resume(key);
    await settled(store, (unsent) => unsent === null);
    expect(delivered).toEqual([{ clientMessageId: "id-0", text: "Left" }]);
  });

  it("lets the person decide about a message that was refused", async () => {
    const fault = refusal("answer_awaited", 409);
    const { outbox, store, storage, delivered } = setUp({ answers: [fault, fault] });
    outbox.send(key, "Hello");
    await settled(store, (unsent) => unsent?.phase === "refused");
    expect(store.get()?.fault).toBe(fault);
    outbox.resume(key);
    await settled(store, (unsent) => unsent?.phase === "refused" && delivered.length === 2);
    outbox.discard(key);
    expect(store.get()).toBeNull();
    expect(readOutgoing(storage, key)).toBeNull();
  });

  it("keeps a message over the end of a session, for the person to sign in again", async () => {
    const { outbox, store, storage, delivered } = setUp({ answers: [refusal("session_invalid", 401), null] });
    outbox.send(key, "Hello");
    await settled(store, (unsent) => unsent?.phase === "waiting");
    expect(readOutgoing(storage, key)?.text).toBe("Hello");
    expect(delivered).toHaveLength(1);
  });

  it("has nothing of one person for another", () => {
    const left = JSON.stringify({ clientMessageId: "id-0", text: "Left" });
    const { outbox } = setUp({ answers: [], storage: memoryStorage({ "outgoing.1.2": left }) });
    expect(outbox.unsent({ userId: 9, dialogId: 2 }).get()).toBeNull();
    outbox.clear();
    expect(outbox.unsent(key).get()?.text).toBe("Left");
  });
});
