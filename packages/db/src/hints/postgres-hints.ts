import { randomUUID } from "node:crypto";
import type { Hints, HintsLog, Topic } from "./hints.ts";
import { decodeHints, encodeHints } from "./hint-payload.ts";
import { createListeners } from "./listeners.ts";

/** A connection that listens. */
export interface Listener {
  close: () => Promise<void>;
}

export interface PostgresHintsDeps {
  /** Sends a payload to every listening process, in a statement of its own. */
  notify: (payload: string) => Promise<void>;
  /** Opens a connection that listens; `onListening` is called after each (re)connect, when nothing can be missed any more. */
  listen: (onPayload: (payload: string) => void, onListening: () => void) => Promise<Listener>;
  log: HintsLog;
  /** Shortest time between two payloads. */
  spacingMs?: number;
  /** How often this process listens for its own voice. */
  echoIntervalMs?: number;
  /** Silence after which the connection is taken for dead. */
  silenceLimitMs?: number;
}

interface Outbox {
  add: (topic: Topic) => void;
  /** Sends even when there is nothing to tell: for the echo. */
  beat: () => void;
  close: () => Promise<void>;
}

/** Gathers hints, and sends them at once after a pause, else with the next payload: at most one per `spacingMs`. */
function createOutbox(options: {
  origin: string;
  spacingMs: number;
  send: (payload: string) => Promise<void>;
}): Outbox {
  let waiting = new Map<Topic, number>();
  let timer: NodeJS.Timeout | undefined;
  let lastSentAt = -Infinity;
  let sending: Promise<void> = Promise.resolve();

  const flush = (): void => {
    timer = undefined;
    lastSentAt = performance.now();
    const payloads = encodeHints({ origin: options.origin, topics: waiting });
    waiting = new Map();
    sending = Promise.all(payloads.map(options.send)).then(() => {});
  };
  const schedule = (): void => {
    timer ??= setTimeout(flush, Math.max(0, lastSentAt + options.spacingMs - performance.now()));
  };
  return {
    add: (topic) => {
      waiting.set(topic, (waiting.get(topic) ?? 0) + 1);
      schedule();
    },
    beat: schedule,
    close: async () => {
      if (timer !== undefined) {
        clearTimeout(timer);
        flush();
      }
      await sending;
    },
  };
}

interface WatchedListener {
  close: () => Promise<void>;
}

/**
 * Keeps a listening connection open. It is watched by echo, because it can go deaf without an error: when the process has
 * not heard its own voice for `silenceLimitMs`, the connection is replaced.
 */
async function openWatchedListener(
  deps: PostgresHintsDeps,
  on: { beat: () => void; payload: (payload: string) => boolean; listening: () => void },
): Promise<WatchedListener> {
  const { log, echoIntervalMs = 5_000, silenceLimitMs = 15_000 } = deps;
  let heardAt = performance.now();
  let listener: Listener | undefined;
  let replacing = false;

  const onPayload = (payload: string): void => {
    if (on.payload(payload)) heardAt = performance.now();
  };
  const onListening = (): void => {
    heardAt = performance.now();
    on.listening();
  };
  const replace = async (): Promise<void> => {
    replacing = true;
    heardAt = performance.now();
    const old = listener;
    listener = undefined;
    void old?.close().catch(() => {});
    try {
      listener = await deps.listen(onPayload, onListening);
    } catch {
      log.warn({ event: "hints_away" }, "The connection for hints cannot be opened; it will be tried again");
    }
    replacing = false;
  };

  await replace();
  const watchdog = setInterval(() => {
    on.beat();
    if (replacing || performance.now() - heardAt < silenceLimitMs) return;
    log.warn({ event: "hints_deaf" }, "The connection for hints has gone deaf; it is replaced");
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
 * Hints between processes over LISTEN/NOTIFY on one channel. In this process they travel in memory; to others in a
 * statement after the commit, many in one payload, so that no write holds the lock that NOTIFY takes. After each (re)connect
 * {@link Hints.onGap} tells everybody to look again.
 */
export async function createPostgresHints(deps: PostgresHintsDeps): Promise<Hints> {
  const { log, spacingMs = 10 } = deps;
  const origin = randomUUID();
  const listeners = createListeners<Topic>();
  const gaps = createListeners<"gap">();

  const send = async (payload: string): Promise<void> => {
    try {
      await deps.notify(payload);
    } catch {
      log.warn({ event: "hints_not_sent" }, "Hints could not be sent; who waits elsewhere looks for itself");
    }
  };
  const outbox = createOutbox({ origin, spacingMs, send });

  /** @returns whether it is an echo of this process */
  const receive = (payload: string): boolean => {
    const { origin: from, topics } = decodeHints(payload);
    if (from === origin) return true;
    for (const [topic, count] of topics) for (let n = 0; n < count; n += 1) listeners.call(topic);
    return false;
  };
  const listener = await openWatchedListener(deps, {
    beat: outbox.beat,
    payload: receive,
    listening: () => gaps.call("gap"),
  });

  return {
    publish: (topic) => {
      listeners.call(topic);
      outbox.add(topic);
    },
    publishElsewhere: outbox.add,
    subscribe: listeners.add,
    onGap: (onGap) => gaps.add("gap", onGap),
    close: async () => {
      await outbox.close();
      await listener.close();
    },
  };
}
