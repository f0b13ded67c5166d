import { randomUUID } from "node:crypto";
import type { Channel } from "@deepbot/db";
import { createMemoryNotifier } from "./memory-notifier.ts";
import type { Notifier, NotifierLog, Topic } from "./notifier.ts";

/** PostgreSQL accepts payloads of less than 8000 bytes. */
const maxBytes = 7900;

/** A topic that was published more often than this wakes as many subscribers as this many times would. */
const maxCount = 100;

/** What one process tells the others: its own id, and how often each topic was published. */
export interface NotificationPayload {
  origin: string;
  topics: Map<Topic, number>;
}

/** Splits the topics over as few payloads as the size limit allows. Everything is ASCII, so length equals bytes. */
export function encodePayloads({ origin, topics }: NotificationPayload): string[] {
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

/** Reads a payload. Unknown topics, from a newer version for instance, are ignored. */
export function decodePayload(payload: string): NotificationPayload {
  const [origin = "", ...entries] = payload.split(" ");
  const topics = new Map<Topic, number>();
  for (const entry of entries) {
    const [topic = "", count = "1"] = entry.split("*");
    if (isTopic(topic)) topics.set(topic, Math.min(Number(count) || 1, maxCount));
  }
  return { origin, topics };
}

export interface PostgresNotifierOptions {
  channel: Channel;
  log: NotifierLog;
  /** Shortest time between two payloads. */
  spacingMs?: number;
  /** How often this process sends itself an echo. */
  echoIntervalMs?: number;
  /** Silence after which the connection is considered dead. */
  silenceLimitMs?: number;
}

interface Outbox {
  add: (topic: Topic) => void;
  /** Sends a payload even if there is nothing to tell: the echo. */
  sendEcho: () => void;
  close: () => Promise<void>;
}

/** Collects topics and sends them at once after a pause, otherwise with the next payload: one per `spacingMs` at most. */
function createOutbox(options: {
  origin: string;
  spacingMs: number;
  send: (payload: string) => Promise<void>;
}): Outbox {
  let pending = new Map<Topic, number>();
  let timer: NodeJS.Timeout | undefined;
  let lastSentAt = -Infinity;
  let sending: Promise<void> = Promise.resolve();

  const flush = (): void => {
    timer = undefined;
    lastSentAt = performance.now();
    const payloads = encodePayloads({ origin: options.origin, topics: pending });
    pending = new Map();
    sending = Promise.all(payloads.map(options.send)).then(() => {});
  };
  const schedule = (): void => {
    timer ??= setTimeout(flush, Math.max(0, lastSentAt + options.spacingMs - performance.now()));
  };
  return {
    add: (topic) => {
      pending.set(topic, (pending.get(topic) ?? 0) + 1);
      schedule();
    },
    sendEcho: schedule,
    close: async () => {
      if (timer !== undefined) {
        clearTimeout(timer);
        flush();
      }
      await sending;
    },
  };
}

type Listener = Awaited<ReturnType<Channel["listen"]>>;

interface ListenerCallbacks {
  sendEcho: () => void;
  /** @returns whether the payload is an echo of this process */
  onPayload: (payload: string) => boolean;
  onListening: () => void;
}

/**
 * Keeps a listening connection open. A connection can go deaf without an error, so it is replaced when no echo of this
 * process arrived for `silenceLimitMs`.
 */
async function keepListening(
  { channel, log, echoIntervalMs = 5_000, silenceLimitMs = 15_000 }: PostgresNotifierOptions,
  callbacks: ListenerCallbacks,
): Promise<Listener> {
  let heardAt = performance.now();
  let listener: Listener | undefined;
  let replacing = false;

  const onPayload = (payload: string): void => {
    if (callbacks.onPayload(payload)) heardAt = performance.now();
  };
  const onListening = (): void => {
    heardAt = performance.now();
    callbacks.onListening();
  };
  const replace = async (): Promise<void> => {
    replacing = true;
    heardAt = performance.now();
    const old = listener;
    listener = undefined;
    void old?.close().catch(() => {});
    try {
      listener = await channel.listen(onPayload, onListening);
    } catch {
      log.warn({ event: "notifier_unreachable" }, "Cannot open the LISTEN connection; trying again");
    }
    replacing = false;
  };

  await replace();
  const watchdog = setInterval(() => {
    callbacks.sendEcho();
    if (replacing || performance.now() - heardAt < silenceLimitMs) return;
    log.warn({ event: "notifier_deaf" }, "The LISTEN connection has gone deaf; replacing it");
    void replace();
  }, echoIntervalMs);
  return {
    close: async () => {
      clearInterval(watchdog);
      await listener?.close();
    },
  };
}

/**
 * Notifications between processes over LISTEN/NOTIFY on one channel. Inside this process they travel in memory. To others
 * they go in a statement of its own after the commit, many in one payload, so that no write holds the lock that NOTIFY
 * takes. {@link Notifier.onGap} fires after each (re)connect.
 */
export async function createPostgresNotifier(options: PostgresNotifierOptions): Promise<Notifier> {
  const { channel, log, spacingMs = 10 } = options;
  const origin = randomUUID();
  const local = createMemoryNotifier();
  const onGaps = new Set<() => void>();

  const send = async (payload: string): Promise<void> => {
    try {
      await channel.notify(payload);
    } catch {
      log.warn({ event: "notifications_not_sent" }, "Notifications could not be sent; other processes will poll");
    }
  };
  const outbox = createOutbox({ origin, spacingMs, send });

  const listener = await keepListening(options, {
    sendEcho: outbox.sendEcho,
    onPayload: (payload) => {
      const { origin: from, topics } = decodePayload(payload);
      if (from === origin) return true;
      for (const [topic, count] of topics) for (let n = 0; n < count; n += 1) local.publish(topic);
      return false;
    },
    onListening: () => onGaps.forEach((onGap) => onGap()),
  });

  return {
    publish: (topic) => {
      local.publish(topic);
      outbox.add(topic);
    },
    publishElsewhere: outbox.add,
    subscribe: local.subscribe,
    onGap: (onGap) => {
      const entry = (): void => onGap();
      onGaps.add(entry);
      return () => void onGaps.delete(entry);
    },
    close: async () => {
      await outbox.close();
      await listener.close();
    },
  };
}
