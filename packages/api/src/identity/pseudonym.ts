import { createHmac, hkdfSync } from "node:crypto";

/**
 * The id under which an assistant knows a person: always the same there, and another one at every other assistant, so that their
 * makers cannot tell that two of them are one person.
 */
export type Pseudonym = (person: { userId: number; assistantId: number }) => string;

/** @param secret of the sessions, from which a key of its own is derived. A new secret gives everybody a new id. */
export function createPseudonym(secret: string): Pseudonym {
  const key = Buffer.from(hkdfSync("sha256", secret, "", "deepbot pseudonym", 32));
  return ({ userId, assistantId }) =>
    createHmac("sha256", key).update(`${assistantId}:${userId}`).digest("base64url").slice(0, 22);
}
