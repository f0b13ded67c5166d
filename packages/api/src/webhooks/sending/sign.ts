import { createHmac, randomBytes } from "node:crypto";

const secretPrefix = "whsec_";

/** A secret in the form of Standard Webhooks. */
export function createWebhookSecret(): string {
  return secretPrefix + randomBytes(32).toString("base64");
}

export interface Message {
  /** The same in each attempt, so that a receiver can tell repetitions. */
  id: string;
  /** Seconds since 1970. */
  timestamp: number;
  body: string;
}

/**
 * The headers of Standard Webhooks 1.0, with a signature by each secret. The signatures are made by OpenSSL, because the
 * library's own hash takes milliseconds for a long dialog.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signMessage(secrets: readonly string[], { id, timestamp, body }: Message): Record<string, string> {
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(secretPrefix.length), "base64");
    return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
  });
  return {
    "content-type": "application/json",
    "user-agent": "Deepbot-Webhooks",
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signatures.join(" "),
  };
}
