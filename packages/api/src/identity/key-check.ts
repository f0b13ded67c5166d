import { hash, timingSafeEqual } from "node:crypto";
import { AppError } from "../app-error.ts";
import type { Events } from "../events/events.ts";

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

export interface KeyChecks {
  /** @throws {AppError} `key_refused` */
  requireServiceKey: (presented: string | undefined) => void;
  /** @throws {AppError} `key_refused` */
  requireHealthKey: (presented: string | undefined) => void;
}

export function createKeyChecks(deps: { events: Events; isServiceKey: KeyCheck; isHealthKey: KeyCheck }): KeyChecks {
  const require =
    (isKey: KeyCheck, credential: "X-Messages-Key" | "X-Health-Key") =>
    (presented: string | undefined): void => {
      if (isKey(presented)) return;
      const reason = presented === undefined ? "missing" : "wrong";
      deps.events.emit({ kind: "access_refused", credential, reason });
      throw new AppError("key_refused");
    };
  return {
    requireServiceKey: require(deps.isServiceKey, "X-Messages-Key"),
    requireHealthKey: require(deps.isHealthKey, "X-Health-Key"),
  };
}
