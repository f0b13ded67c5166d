import { hash, timingSafeEqual } from "node:crypto";
import type { ErrorCode, ServiceKeyScope } from "@deepbot/contract";
import { AppError } from "../app-error.ts";
import type { Events, KeyHeader } from "../events/events.ts";
import type { KeyRegistry } from "../keys/key-registry.ts";
import { noteIdentity } from "../request-scope.ts";
import { environmentKey, type ServiceKey } from "./service-key.ts";

export type KeyCheck = (presented: string | undefined) => boolean;

const digest = (text: string): Buffer => hash("sha256", text, "buffer");

/**
 * Compares a presented key with the expected ones: with all of them, each in constant time, so that the time does not tell
 * which one it resembles. An absent or empty key never fits.
 */
export function createKeyCheck(...expected: readonly string[]): KeyCheck {
  const expectedDigests = expected.map(digest);
  return (presented = "") => {
    const presentedDigest = digest(presented);
    const fits = expectedDigests.map((expectedDigest) => timingSafeEqual(presentedDigest, expectedDigest));
    return fits.includes(true) && presented !== "";
  };
}

/** Shorter values are no keys, and their hash might give them away. */
const keyMinLength = 32;

/** First characters of the SHA-256 of a key: enough to tell keys apart, and no help in finding one. */
export function keyIdOf(key: string): string {
  return hash("sha256", key).slice(0, 12);
}

const hourMs = 3_600_000;

/** Tells of the first use of an accepted key in each hour. */
function createKeyUses(events: Events): (credential: KeyHeader, keyId: string) => void {
  const told = new Set<string>();
  let hour = 0;
  return (credential, keyId) => {
    const now = Math.floor(Date.now() / hourMs);
    if (now !== hour) told.clear();
    hour = now;
    if (told.has(keyId)) return;
    told.add(keyId);
    events.emit({ kind: "key_used", credential, keyId });
  };
}

/** Remembers the ids of the accepted keys of the environment: hashing each request's would cost more. */
function createKeyIds(): (acceptedKey: string) => string {
  const known = new Map<string, string>();
  return (key) => {
    const keyId = known.get(key) ?? keyIdOf(key);
    known.set(key, keyId);
    return keyId;
  };
}

/** Codes for a service key that is absent, and for one that is not valid. */
export interface KeyRefusals {
  missing: ErrorCode;
  wrong: ErrorCode;
}

export interface KeyChecks {
  /**
   * A key of the environment or a stored one.
   *
   * @throws {AppError} as `refusals` says
   */
  requireServiceKey: (presented: string | undefined, refusals: KeyRefusals) => Promise<ServiceKey>;
  /** @throws {AppError} `scope_missing`, naming the first, unless the key has one of the scopes */
  requireScope: (key: ServiceKey, scopes: readonly [ServiceKeyScope, ...ServiceKeyScope[]]) => void;
  /** @throws {AppError} `key_refused` */
  requireHealthKey: (presented: string | undefined) => void;
}

export function createKeyChecks(deps: {
  events: Events;
  isServiceKey: KeyCheck;
  isHealthKey: KeyCheck;
  registry: Pick<KeyRegistry, "find">;
}): KeyChecks {
  const { events, isServiceKey, isHealthKey, registry } = deps;
  const noteUse = createKeyUses(events);
  const idOf = createKeyIds();

  const accept = (credential: KeyHeader, keyId: string): void => {
    noteUse(credential, keyId);
    noteIdentity({ keyId });
  };
  const refuse = (credential: KeyHeader, presented: string | undefined, refusals: KeyRefusals): never => {
    const reason = presented === undefined ? "missing" : "wrong";
    const isLongEnough = presented !== undefined && presented.length >= keyMinLength;
    const keyId = isLongEnough ? { keyId: keyIdOf(presented) } : {};
    events.emit({ kind: "access_refused", credential, reason, ...keyId });
    throw new AppError(refusals[reason]);
  };

  return {
    requireServiceKey: async (presented, refusals) => {
      if (presented !== undefined && isServiceKey(presented)) {
        accept("X-Messages-Key", idOf(presented));
        return environmentKey;
      }
      const key = presented === undefined ? undefined : await registry.find(presented);
      if (key === undefined) return refuse("X-Messages-Key", presented, refusals);
      accept("X-Messages-Key", key.keyId);
      return key;
    },
    requireScope: ({ keyId, scopes: granted }, scopes) => {
      if (scopes.some((scope) => granted.includes(scope))) return;
      events.emit({ kind: "access_refused", credential: "X-Messages-Key", reason: "scope_missing", keyId });
      throw new AppError("scope_missing", { scope: scopes[0] });
    },
    requireHealthKey: (presented) => {
      if (presented !== undefined && isHealthKey(presented)) accept("X-Health-Key", idOf(presented));
      else refuse("X-Health-Key", presented, { missing: "key_refused", wrong: "key_refused" });
    },
  };
}
