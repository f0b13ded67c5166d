import { randomUUID } from "node:crypto";
import type { Channel } from "@deepbot/db";
import { createMemoryNotifier } from "./memory-notifier.ts";
import type { Notifier, NotifierLog, Readiness } from "./notifier.ts";
import { decodePayload, encodePayloads, type Entry } from "./payload.ts";
import { createWorkOffers } from "./work-offers.ts";

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
  add: (entry: Entry) => void;
  /** Sends a payload even if there is nothing to tell: the echo. */
  sendEcho: () => void;
  close: () => Promise<void>;
}

/** Collects entries and sends them at once after a pause, otherwise with the next payload: one per `spacingMs` at most. */
function createOutbox(options: {
  origin: string;
  spacingMs: number;
  readiness: () => Readiness;
  send: (payload: string) => Promise<void>;
}): Outbox {
  let pending = new Map<Entry, number>();
  let timer: NodeJS.Timeout | undefined;
  let lastSentAt = -Infinity;
  let sending: Promise<void> = Promise.resolve();

  const flush = (): void => {
    timer = undefined;
    lastSentAt = performance.now();
    const payloads = encodePayloads({ origin: options.origin, readiness: options.readiness(), entries: pending });
    pending = new Map();
    sending = Promise.all(payloads.map(options.send)).then(() => {});
  };
  const schedule = (): void => {
    timer ??= setTimeout(flush, Math.max(0, lastSentAt + options.spacingMs - performance.now()));
  };
  return {
    add: (entry) => {
      pending.set(entry, (pending.get(entry) ?? 0) + 1);
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
  const offers = createWorkOffers({ origin, send: (entry) => outbox.add(entry) });
  const outbox = createOutbox({ origin, spacingMs, readiness: offers.readiness, send });

  const listener = await keepListening(options, {
    sendEcho: outbox.sendEcho,
    onPayload: (payload) => {
      const received = decodePayload(payload);
      if (received.origin === origin) return true;
      offers.heard(received);
      for (const [entry, count] of received.entries) {
        for (let n = 0; n < count; n += 1) if (!offers.accept(entry)) local.publish(entry);
      }
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
    offerWork: offers.offer,
    takeWork: offers.setTaker,
    subscribe: local.subscribe,
    onGap: (onGap) => {
      const entry = (): void => onGap();
      onGaps.add(entry);
      return () => void onGaps.delete(entry);
    },
    close: async () => {
      // Others hear that this process takes no more.
      offers.close();
      outbox.sendEcho();
      await outbox.close();
      await listener.close();
    },
  };
}
