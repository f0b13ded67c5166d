import type { Topic } from "./notifier.ts";

/** PostgreSQL accepts payloads of less than 8000 bytes. */
const maxBytes = 7900;

/** An entry that was sent more often than this counts as often as this. */
const maxCount = 100;

/** An offer of work, to all processes or to the one that is named. */
export type Offer = "queue" | `queue@${string}`;

export type Entry = Topic | Offer;

/** What one process tells the others. */
export interface NotificationPayload {
  /** Its own id. */
  origin: string;
  /** Whether it could begin with a piece of work at once. */
  isReady: boolean;
  /** How often each topic was published, and each offer made. */
  entries: Map<Entry, number>;
}

/** Splits the entries over as few payloads as the size limit allows. Everything is ASCII, so length equals bytes. */
export function encodePayloads({ origin, isReady, entries }: NotificationPayload): string[] {
  const payloads: string[] = [];
  const head = isReady ? `${origin} ready` : origin;
  let current = head;
  for (const [name, count] of entries) {
    const entry = count === 1 ? ` ${name}` : ` ${name}*${count}`;
    if (current.length + entry.length > maxBytes) {
      payloads.push(current);
      current = head;
    }
    current += entry;
  }
  return [...payloads, current];
}

const entryForm = /^(?:queue(?:@[\w-]+)?|(?:dialog|run):\d+|session:[\w-]+|workers)$/;

function isEntry(text: string): text is Entry {
  return entryForm.test(text);
}

/** Reads a payload. Unknown entries, from a newer version for instance, are ignored. */
export function decodePayload(payload: string): NotificationPayload {
  const [origin = "", ...parts] = payload.split(" ");
  const entries = new Map<Entry, number>();
  for (const part of parts) {
    const [entry = "", count = "1"] = part.split("*");
    if (isEntry(entry)) entries.set(entry, Math.min(Number(count) || 1, maxCount));
  }
  return { origin, isReady: parts.includes("ready"), entries };
}
