import { isTransient, isSignedOut } from "../../../api/failure.ts";
import { retryDelayMs } from "../../../api/query-client.ts";
import type { TextStorage } from "../../../lib/storage.ts";
import { createStore, type Store } from "../../../lib/store.ts";
import { readOutgoing, writeOutgoing, type Outgoing, type DraftKey } from "./drafts.ts";

/** A message that the server does not have yet. */
export interface Unsent extends Outgoing {
  /** `waiting`: it will be sent again. `refused`: the person has to discard it or send it again. */
  phase: "sending" | "waiting" | "refused";
  /** Why it was refused; null in other phases. */
  error: unknown;
}

/** Messages that are being sent, at most one per dialog. They survive a reload and keep their id on every attempt. */
export interface Outbox {
  unsent: (key: DraftKey) => Store<Unsent | null>;
  send: (key: DraftKey, text: string) => void;
  /** Sends a message that was refused, or is left from an earlier page or session. Does nothing if it is being sent. */
  resume: (key: DraftKey) => void;
  discard: (key: DraftKey) => void;
  /** Drops every message from memory, for the next person. `clearDrafts` removes them from the storage. */
  clear: () => void;
}

export interface OutboxDeps {
  storage: TextStorage;
  /** Sends one message to the server. */
  deliver: (key: DraftKey, outgoing: Outgoing) => Promise<void>;
  /** Resolves after the delay, or earlier if it makes sense to try again. */
  pause: (delayMs: number) => Promise<void>;
  createId: () => string;
}

function waiting(outgoing: Outgoing): Unsent {
  return { ...outgoing, phase: "waiting", error: null };
}

/** The messages in memory. Each starts with what the storage has. */
function createUnsentStores(storage: TextStorage) {
  const stores = new Map<string, Store<Unsent | null>>();
  return {
    of: (key: DraftKey): Store<Unsent | null> => {
      const name = `${key.userId}.${key.dialogId}`;
      const existing = stores.get(name);
      if (existing !== undefined) return existing;
      const stored = readOutgoing(storage, key);
      const store = createStore<Unsent | null>(stored === null ? null : waiting(stored));
      stores.set(name, store);
      return store;
    },
    clear: (): void => {
      for (const store of stores.values()) store.set(null);
      stores.clear();
    },
  };
}

export function createOutbox({ storage, deliver, pause, createId }: OutboxDeps): Outbox {
  const stores = createUnsentStores(storage);
  const inFlight = new Set<string>();

  /** Tries until the server has stored or refused the message, or the message was discarded. */
  const deliverOrWait = async (key: DraftKey, outgoing: Outgoing): Promise<void> => {
    const store = stores.of(key);
    const isCurrent = (): boolean => store.get()?.clientMessageId === outgoing.clientMessageId;
    for (let attempt = 0; isCurrent(); attempt += 1) {
      try {
        await deliver(key, outgoing);
        if (!isCurrent()) break;
        writeOutgoing(storage, key, null);
        store.set(null);
      } catch (error) {
        if (!isCurrent()) break;
        if (!isTransient(error)) {
          inFlight.delete(outgoing.clientMessageId);
          store.set(isSignedOut(error) ? waiting(outgoing) : { ...outgoing, phase: "refused", error });
          return;
        }
        store.set(waiting(outgoing));
        await pause(retryDelayMs(attempt));
      }
    }
    inFlight.delete(outgoing.clientMessageId);
  };

  const start = (key: DraftKey, { clientMessageId, text }: Outgoing): void => {
    if (inFlight.has(clientMessageId)) return;
    inFlight.add(clientMessageId);
    stores.of(key).set({ clientMessageId, text, phase: "sending", error: null });
    void deliverOrWait(key, { clientMessageId, text });
  };

  return {
    unsent: stores.of,
    send: (key, text) => {
      const outgoing = { clientMessageId: createId(), text };
      writeOutgoing(storage, key, outgoing);
      start(key, outgoing);
    },
    resume: (key) => {
      const unsent = stores.of(key).get();
      if (unsent !== null) start(key, unsent);
    },
    discard: (key) => {
      writeOutgoing(storage, key, null);
      stores.of(key).set(null);
    },
    clear: stores.clear,
  };
}
