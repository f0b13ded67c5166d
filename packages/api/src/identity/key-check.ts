import { hash, timingSafeEqual } from "node:crypto";
import { AppError } from "../app-error.ts";
import type { Events, KeyHeader } from "../events/events.ts";
import { noteIdentity } from "../request-scope.ts";

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

/**
 * Tells of the first use of an accepted key in each hour. Such keys are few, and hashing each request's would cost more than
 * looking one up.
 *
 * @returns the key's id
 */
function createKeyUses(events: Events): (credential: KeyHeader, acceptedKey: string) => string {
  const known = new Map<string, { keyId: string; hour: number }>();
  return (credential, key) => {
    const hour = Math.floor(Date.now() / hourMs);
    const last = known.get(key);
    if (last?.hour === hour) return last.keyId;
    const keyId = keyIdOf(key);
    known.set(key, { keyId, hour });
    events.emit({ kind: "key_used", credential, keyId });
    return keyId;
  };
}

export interface KeyChecks {
  /** @throws {AppError} `key_refused` */
  requireServiceKey: (presented: string | undefined) => void;
  /** @throws {AppError} `key_refused` */
  requireHealthKey: (presented: string | undefined) => void;
}

export function createKeyChecks(deps: { events: Events; isServiceKey: KeyCheck; isHealthKey: KeyCheck }): KeyChecks {
  const use = createKeyUses(deps.events);
  const require =
    (isKey: KeyCheck, credential: KeyHeader) =>
    (presented: string | undefined): void => {
      if (presented !== undefined && isKey(presented)) {
        noteIdentity({ keyId: use(credential, presented) });
        return;
      }
      const reason = presented === undefined ? "missing" : "wrong";
      const isLongEnough = presented !== undefined && presented.length >= keyMinLength;
      const keyId = isLongEnough ? { keyId: keyIdOf(presented) } : {};
      deps.events.emit({ kind: "access_refused", credential, reason, ...keyId });
      throw new AppError("key_refused");
    };
  return {
    requireServiceKey: require(deps.isServiceKey, "X-Messages-Key"),
    requireHealthKey: require(deps.isHealthKey, "X-Health-Key"),
  };
}
