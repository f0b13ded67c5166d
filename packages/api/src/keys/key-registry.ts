import { environmentKeyId, type Statements } from "@deepbot/db";
import type { Notifier } from "@deepbot/live";
import { AppError } from "../app-error.ts";
import type { ServiceKey } from "../identity/service-key.ts";
import { hashOfSecret, isSecretToken, serviceKeyPrefix } from "./secret-token.ts";

/** How exact the stored time of a key's last use is, at most: a key costs one write in this time. */
export const lastUseResolutionMs = 60_000;

/** How long a key that was revoked without a notification may still pass. */
const maxAgeMs = 1_000;

/** How old what is known may be for a key that is not found: it may have just been made at another server. */
const maxAgeOfMissMs = 10;

interface Snapshot {
  byHash: ReadonlyMap<string, ServiceKey & { touchDue: boolean }>;
  readAt: number;
}

/** The live service keys, as this process knows them. */
export interface KeyRegistry {
  /** The key, if it is live; undefined for any other text. */
  find: (presented: string) => Promise<ServiceKey | undefined>;
  /**
   * Does work that waits, with a signal that aborts when `signal` does, the key ends, or its scopes or assistants change.
   *
   * @throws {AppError} `key_invalid` once the key has ended
   */
  whileLive: <Result>(
    key: ServiceKey,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal | undefined) => Promise<Result>,
  ) => Promise<Result>;
  /** Whether this process has seen any key. */
  isInUse: () => boolean;
  /** Ends the work of keys that have expired, or were revoked without a notification. */
  poll: () => Promise<void>;
  /** Stores which keys were used: one statement for all of them, none if there were none. */
  touch: () => Promise<void>;
}

interface Snapshots {
  /** What is known, read again if it is older than that. */
  current: (maxAge: number) => Promise<Snapshot> | Snapshot;
  refresh: () => Promise<Snapshot>;
  /** Forgets what is known, and reads again. */
  readAgain: () => void;
}

/** Shares one read among all who ask meanwhile. */
function createSnapshots(read: () => Promise<Snapshot>): Snapshots {
  let snapshot: Snapshot | undefined;
  let reading: Promise<Snapshot> | undefined;

  const refresh = (): Promise<Snapshot> => {
    const own = read();
    reading = own;
    const store = (fresh: Snapshot | undefined): void => {
      // Once another read has begun, this one may have been too early.
      if (reading !== own) return;
      reading = undefined;
      snapshot = fresh;
    };
    own.then(store, () => store(undefined));
    return own;
  };
  return {
    refresh,
    current: (maxAge) => {
      if (snapshot !== undefined && performance.now() - snapshot.readAt < maxAge) return snapshot;
      return reading ?? refresh();
    },
    readAgain: () => {
      snapshot = undefined;
      // The next use, or the next poll, makes up for a read that fails.
      void refresh().catch(() => {});
    },
  };
}

interface Watch {
  key: ServiceKey;
  onEnd: () => void;
  onChange: () => void;
}

/** Whether the key may do the same as before. */
function isSameGrant(one: ServiceKey, other: ServiceKey): boolean {
  return JSON.stringify([one.scopes, one.assistantIds]) === JSON.stringify([other.scopes, other.assistantIds]);
}

/** Tells those who wait what has become of their keys. */
function tellWatches(watches: ReadonlySet<Watch>, keys: readonly ServiceKey[]): void {
  const live = new Map(keys.map((key) => [key.keyId, key]));
  for (const { key, onEnd, onChange } of Array.from(watches)) {
    const now = live.get(key.keyId);
    if (now === undefined) onEnd();
    else if (!isSameGrant(key, now)) onChange();
  }
}

function createWhileLive(watches: Set<Watch>): KeyRegistry["whileLive"] {
  return async (key, signal, work) => {
    // Keys of the environment do not end while the server runs.
    if (key.keyId === environmentKeyId) return work(signal);
    const over = new AbortController();
    let hasEnded = false;
    const onEnd = (): void => {
      hasEnded = true;
      over.abort();
    };
    const watch = { key, onEnd, onChange: () => over.abort() };
    watches.add(watch);
    try {
      const result = await work(signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]));
      if (hasEnded) throw new AppError("key_invalid");
      return result;
    } finally {
      watches.delete(watch);
    }
  };
}

interface RegistryDeps {
  statements: Pick<Statements, "listLiveServiceKeys" | "touchServiceKeys">;
  notifier: Notifier;
}

/**
 * All live keys are few. They are read together, at most once a second and only when one of them is used, and again after a
 * notification. So a report costs no look-up of its own.
 */
export function createKeyRegistry({ statements, notifier }: RegistryDeps): KeyRegistry {
  const watches = new Set<Watch>();
  const used = new Set<string>();
  let inUse = false;

  const snapshots = createSnapshots(async () => {
    const readAt = performance.now();
    const keys = await statements.listLiveServiceKeys(lastUseResolutionMs);
    tellWatches(watches, keys);
    if (keys.length > 0) inUse = true;
    return { byHash: new Map(keys.map(({ hash, ...key }) => [hash, key])), readAt };
  });
  notifier.subscribe("keys", snapshots.readAgain);
  notifier.onGap(snapshots.readAgain);

  return {
    find: async (presented) => {
      if (!isSecretToken(serviceKeyPrefix, presented)) return undefined;
      const hash = hashOfSecret(presented);
      const known = await snapshots.current(maxAgeMs);
      const found = known.byHash.get(hash) ?? (await snapshots.current(maxAgeOfMissMs)).byHash.get(hash);
      if (found === undefined) return undefined;
      const { touchDue, ...key } = found;
      if (touchDue) used.add(key.keyId);
      return key;
    },
    whileLive: createWhileLive(watches),
    isInUse: () => inUse,
    poll: async () => {
      if (watches.size > 0) await snapshots.refresh();
    },
    touch: async () => {
      if (used.size === 0) return;
      const keyIds = [...used];
      // Keys that a failed statement leaves out are used again.
      used.clear();
      await statements.touchServiceKeys({ keyIds, resolutionMs: lastUseResolutionMs });
    },
  };
}
