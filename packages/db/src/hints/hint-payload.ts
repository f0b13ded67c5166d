import type { Topic } from "./hints.ts";

/** PostgreSQL takes payloads of less than 8000 bytes. */
const maxBytes = 7900;

/** More rings than this at once are as good as this many. */
const maxCount = 100;

/** What one process tells the others: who it is, and how often each topic was hinted at. */
export interface HintPayload {
  origin: string;
  topics: Map<Topic, number>;
}

/** Payloads that hold all topics, as few as fit the limit. All characters are ASCII, so length is bytes. */
export function encodeHints({ origin, topics }: HintPayload): string[] {
  const payloads: string[] = [];
  let current = origin;
  for (const [topic, count] of topics) {
    const entry = count === 1 ? ` ${topic}` : ` ${topic}*${count}`;
    if (current.length + entry.length > maxBytes) {
      payloads.push(current);
      current = origin;
    }
    current += entry;
  }
  return [...payloads, current];
}

const topicForm = /^(?:queue|(?:dialog|run):\d+|session:[\w-]+)$/;

function isTopic(text: string): text is Topic {
  return topicForm.test(text);
}

/** Reads a payload. What is no topic, from a newer version for instance, is passed over. */
export function decodeHints(payload: string): HintPayload {
  const [origin = "", ...entries] = payload.split(" ");
  const topics = new Map<Topic, number>();
  for (const entry of entries) {
    const [topic = "", count = "1"] = entry.split("*");
    if (isTopic(topic)) topics.set(topic, Math.min(Number(count) || 1, maxCount));
  }
  return { origin, topics };
}
