import { createHash, timingSafeEqual } from "node:crypto";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Compares a presented key with the expected one in a time that tells nothing about either. No key is no key. */
export function createKeyCheck(expected: string): (presented: string | undefined) => boolean {
  const expectedDigest = digest(expected);
  return (presented = "") => timingSafeEqual(digest(presented), expectedDigest) && presented !== "";
}
