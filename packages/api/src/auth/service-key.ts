import { hash, timingSafeEqual } from "node:crypto";

const digest = (text: string): Buffer => hash("sha256", text, "buffer");

/** Compares a presented key with the expected one in a time that tells nothing about either. No key is no key. */
export function createKeyCheck(expected: string): (presented: string | undefined) => boolean {
  const expectedDigest = digest(expected);
  return (presented = "") => timingSafeEqual(digest(presented), expectedDigest) && presented !== "";
}
