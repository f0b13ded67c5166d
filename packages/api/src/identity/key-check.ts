import { hash, timingSafeEqual } from "node:crypto";
import { AppError } from "../app-error.ts";
import type { Events, KeyHeader } from "../events/events.ts";
import { noteIdentity } from "../request-scope.ts";

export type KeyCheck = (presented: string | undefined) => boolean;

const digest = (text: string): Buffer => hash("sha256", text, "buffer");

/** Compares a presented key with the expected one in constant time. An absent or empty key never fits. */
export function createKeyCheck(expected: string): KeyCheck {
  const expectedDigest = digest(expected);
  return (presented = "") => timingSafeEqual(digest(presented), expectedDigest) && presented !== "";
}

/** Shorter values are no keys, and their hash might give them away. */
const keyMinLength = 32;

/** First characters of the SHA-256 of a key: enough to tell keys apart, and no help in finding one. */
export function keyIdOf(key: string): string {
  return hash("sha256", key).slice(0, 12);
}

/** The ids of accepted keys, which are few; hashing each request's would cost more than looking one up. */
function createKeyIds(): (acceptedKey: string) => string {
  const known = new Map<string, string>();
  return (key) => {
    const keyId = known.get(key) ?? keyIdOf(key);
    known.set(key, keyId);
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
  const idOf = createKeyIds();
  const require =
    (isKey: KeyCheck, credential: KeyHeader) =>
    (presented: string | undefined): void => {
      if (presented !== undefined && isKey(presented)) {
        const keyId = idOf(presented);
        noteIdentity({ keyId });
        deps.events.emit({ kind: "key_used", credential, keyId });
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
