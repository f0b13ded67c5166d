import { hash, hkdfSync } from "node:crypto";

/**
 * The id under which an assistant knows a person: always the same there, and another one at every other assistant, so that their
 * makers cannot tell that two of them are one person.
 */
export type Pseudonym = (person: { userId: number; assistantId: number }) => string;

/**
 * A hash that begins with a secret key. Half of it is cut off, so that nobody can go on with it: what an HMAC is for otherwise.
 * One is made for each claimed run, and an HMAC of Node takes ten times as long.
 *
 * @param secret of the sessions, from which a key of its own is derived. A new secret gives everybody a new id.
 */
export function createPseudonym(secret: string): Pseudonym {
  const key = Buffer.from(hkdfSync("sha256", secret, "", "deepbot pseudonym", 32)).toString("hex");
  return ({ userId, assistantId }) => hash("sha256", `${key}:${assistantId}:${userId}`, "base64url").slice(0, 22);
}
