import { isPassing, isSignedOut } from "../../../api/failure.ts";
import { retryDelayMs } from "../../../api/query-client.ts";
import type { TextStorage } from "../../../lib/storage.ts";
import { createStore, type Store } from "../../../lib/store.ts";
import { readOutgoing, writeOutgoing, type Outgoing, type TextKey } from "../kept-texts.ts";

/** A message that the platform has not taken yet. */
export interface Unsent extends Outgoing {
  /** `waiting`: the platform is away, it is tried again. `refused`: only the person can decide what becomes of it. */
  phase: "sending" | "waiting" | "refused";
  /** Why it was refused. */
  fault: unknown;
}

/** Messages on their way, at most one in each dialog. They outlive the page, and however often they are sent, it is under one id. */
export interface Outbox {
  /** The message of a dialog that is on its way. */
  unsent: (key: TextKey) => Store<Unsent | null>;
  send: (key: TextKey, text: string) => void;
  /** Sends what is left over from an earlier page or session, or was refused. Harmless when it is being sent. */
  resume: (key: TextKey) => void;
  discard: (key: TextKey) => void;
  /** Forgets everything, for the next person. */
  clear: () => void;
}

export interface OutboxDeps {
  storage: TextStorage;
  /** Hands one message to the platform. */
  deliver: (key: TextKey, outgoing: Outgoing) => Promise<void>;
  /** Resolves after that long, or when there is a reason to try sooner. */
  pause: (delayMs: number) => Promise<void>;
  createId: () => string;
}

function waiting(outgoing: Outgoing): Unsent {
  return { ...outgoing, phase: "waiting", fault: null };
}

/** The messages in memory, begun with what the storage has. */
function createUnsentStores(storage: TextStorage) {
  const stores = new Map<string, Store<Unsent | null>>();
  return {
    of: (key: TextKey): Store<Unsent | null> => {
      const name = `${key.userId}.${key.dialogId}`;
      const existing = stores.get(name);
      if (existing !== undefined) return existing;
      const kept = readOutgoing(storage, key);
      const store = createStore<Unsent | null>(kept === null ? null : waiting(kept));
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
  const underWay = new Set<string>();

  /** Tries until the platform has taken the message or refused it, or nobody wants it sent any more. */
  const deliverOrWait = async (key: TextKey, outgoing: Outgoing): Promise<void> => {
    const store = stores.of(key);
    const isWanted = (): boolean => store.get()?.clientMessageId === outgoing.clientMessageId;
    for (let attempt = 0; isWanted(); attempt += 1) {
      try {
        await deliver(key, outgoing);
        if (!isWanted()) break;
        writeOutgoing(storage, key, null);
        store.set(null);
      } catch (error) {
        if (!isWanted()) break;
        if (!isPassing(error)) {
          underWay.delete(outgoing.clientMessageId);
          store.set(isSignedOut(error) ? waiting(outgoing) : { ...outgoing, phase: "refused", fault: error });
          return;
        }
        store.set(waiting(outgoing));
        await pause(retryDelayMs(attempt));
      }
    }
    underWay.delete(outgoing.clientMessageId);
  };

  const start = (key: TextKey, { clientMessageId, text }: Outgoing): void => {
    if (underWay.has(clientMessageId)) return;
    underWay.add(clientMessageId);
    stores.of(key).set({ clientMessageId, text, phase: "sending", fault: null });
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
      const left = stores.of(key).get();
      if (left !== null) start(key, left);
    },
    discard: (key) => {
      writeOutgoing(storage, key, null);
      stores.of(key).set(null);
    },
    clear: stores.clear,
  };
}
