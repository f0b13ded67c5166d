import { createHmac, timingSafeEqual } from "node:crypto";

/** A message that is older, or further in the future, may be a replay. */
const toleranceS = 5 * 60;

function isSame(signature: string, expected: string): boolean {
  const [left, right] = [Buffer.from(signature), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * Whether a message was signed with the secret, `whsec_…`, and is fresh. While a secret is replaced a message has two
 * signatures, and one of them is enough.
 *
 * @param body the bytes as they came: JSON that was parsed and printed again has another signature
 * @see https://www.standardwebhooks.com
 */
export function isSignedWebhook(headers: Headers, body: string, secret: string): boolean {
  const id = headers.get("webhook-id");
  const timestamp = headers.get("webhook-timestamp") ?? "";
  const signatures = headers.get("webhook-signature")?.split(" ") ?? [];
  const isFresh = /^\d+$/.test(timestamp) && Math.abs(Date.now() / 1000 - Number(timestamp)) <= toleranceS;
  if (id === null || !isFresh) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return signatures.some((signature) => isSame(signature, `v1,${expected}`));
}
