import { defaultAssistantId } from "@deepbot/db";
import type { Readiness, Topic } from "./notifier.ts";

/** PostgreSQL accepts payloads of less than 8000 bytes. */
const maxBytes = 7900;

/** An entry that was sent more often than this counts as often as this. */
const maxCount = 100;

/**
 * An offer of an assistant's work, to all processes or to the one that is named. That of the default assistant has no number,
 * as in the version before.
 */
export type Offer = `queue${"" | `:${number}`}${"" | `@${string}`}`;

export type Entry = Topic | Offer;

interface OfferParts {
  assistantId: number;
  /** The process that is to take it; all if absent. */
  process?: string | undefined;
}

export function formatOffer({ assistantId, process }: OfferParts): Offer {
  const whose = assistantId === defaultAssistantId ? "" : (`:${assistantId}` as const);
  return process === undefined ? `queue${whose}` : `queue${whose}@${process}`;
}

const offerForm = /^queue(?::(\d+))?(?:@([\w-]+))?$/;

/** Undefined for entries that are no offers. */
export function parseOffer(entry: string): OfferParts | undefined {
  const match = offerForm.exec(entry);
  if (match === null) return undefined;
  const [, assistantId = defaultAssistantId, process] = match;
  return { assistantId: Number(assistantId), process };
}

/** What one process tells the others. */
export interface NotificationPayload {
  /** Its own id. */
  origin: string;
  /** Whose work it could begin at once. */
  readiness: Readiness;
  /** How often each topic was published, and each offer made. */
  entries: Map<Entry, number>;
}

/** `ready` alone means the default assistant: the version before reads it, and ignores the rest. */
function formatReadiness({ all, assistantIds }: Readiness): string {
  const others = [...assistantIds].filter((assistantId) => assistantId !== defaultAssistantId);
  const forDefault = all || assistantIds.has(defaultAssistantId) ? " ready" : "";
  const forOthers = all ? " ready:all" : others.length > 0 ? ` ready:${others.join(",")}` : "";
  return forDefault + forOthers;
}

const readyForm = /^ready:(\d+(?:,\d+)*)$/;

function parseReadiness(parts: readonly string[]): Readiness {
  const others = parts.flatMap((part) => readyForm.exec(part)?.[1]?.split(",") ?? []);
  const own = parts.includes("ready") ? [defaultAssistantId] : [];
  return { all: parts.includes("ready:all"), assistantIds: new Set([...own, ...others.map(Number)]) };
}

/** Splits the entries over as few payloads as the size limit allows. Everything is ASCII, so length equals bytes. */
export function encodePayloads({ origin, readiness, entries }: NotificationPayload): string[] {
  const payloads: string[] = [];
  const head = origin + formatReadiness(readiness);
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

const entryForm = /^(?:queue(?::\d+)?(?:@[\w-]+)?|(?:dialog|run):\d+|(?:session|token):[\w-]+|keys|workers)$/;

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
  return { origin, readiness: parseReadiness(parts), entries };
}
