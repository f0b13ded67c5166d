import { hostname } from "node:os";
import process from "node:process";
import { limits } from "@deepbot/contract";
import { createClient } from "../client.ts";
import { consoleLog } from "./console-log.ts";
import { defaultTexts } from "./default-texts.ts";
import { serveWorker } from "./serve-worker.ts";
import type { Answer, WorkerLog, WorkerOptions, WorkerTexts } from "./types.ts";

export interface ServeOptions {
  /** Origin of the platform, such as `https://chat.example.com`. */
  url: string;
  /** A service key of the platform. */
  key: string;
  answer: Answer;
  /** Name of the worker in the platform's log; by default the names of the host and the process. */
  name?: string;
  /** Slugs of the assistants that it answers for; by default all that the key may. */
  assistants?: readonly string[];
  /** Runs at once, 4 by default. */
  concurrency?: number;
  /** How long the platform waits for a sign of life before it gives a run to another worker, 30 seconds by default. */
  leaseMs?: number;
  /** How many of a dialog's newest messages come with a run, 100 by default. */
  historyLimit?: number;
  /** How long runs may take to finish after a stop, 5 seconds by default; then other workers get them. */
  stopGraceMs?: number;
  /** Takes a run only while no other worker serves its assistant. */
  fallback?: boolean;
  /** The sentences that people read in place of an answer; by default in the language of the question. */
  texts?: WorkerTexts;
  /** Where it logs; by default to standard error. Neither texts nor keys are logged. */
  log?: WorkerLog;
  /** Stops the worker when it aborts. Without it, the worker stops on SIGTERM and SIGINT. */
  signal?: AbortSignal;
}

export interface ServedWorker {
  /** Claims no more, lets the runs under way finish within the grace period, and releases the others. */
  stop: () => Promise<void>;
  /** Resolves once it has stopped; rejects with the error of a bug. */
  stopped: Promise<void>;
}

const stopSignals = ["SIGTERM", "SIGINT"] as const;

/** Aborts at the first signal to stop. The handlers are removed then, so that a second signal ends the process. */
function stopOnSignals(controller: AbortController, log: WorkerLog): () => void {
  const remove = (): void => {
    for (const signal of stopSignals) process.off(signal, stop);
  };
  const stop = (name: NodeJS.Signals): void => {
    remove();
    log.info({ event: "stopping" }, `Stopping on ${name}`);
    controller.abort();
  };
  for (const signal of stopSignals) process.on(signal, stop);
  return remove;
}

function originOf(url: string): string {
  const { protocol, origin } = URL.canParse(url) ? new URL(url) : { protocol: "", origin: "" };
  if (protocol === "https:" || protocol === "http:") return origin;
  throw new TypeError("url must be the origin of the platform, such as https://chat.example.com");
}

function workerOptions(options: ServeOptions): WorkerOptions {
  const { url, key, answer, texts = defaultTexts, log = consoleLog, assistants } = options;
  if (key === "") throw new TypeError("key must be a service key of the platform");
  return {
    client: createClient({
      url: originOf(url),
      headers: () => ({ "x-messages-key": key }),
      // A redirect would carry the key and the answers to another host.
      fetch: (input, init) => fetch(input, { ...init, redirect: "error" }),
    }),
    name: options.name ?? `${hostname().slice(0, limits.workerNameMax - 20)}-${process.pid}`,
    ...(assistants === undefined ? {} : { assistants }),
    answer,
    texts,
    log,
    concurrency: options.concurrency ?? 4,
    leaseMs: options.leaseMs ?? limits.leaseDefaultMs,
    historyLimit: options.historyLimit ?? limits.historyDefault,
    stopGraceMs: options.stopGraceMs ?? 5_000,
    fallback: options.fallback ?? false,
  };
}

/**
 * Serves a platform as a worker: claims runs, keeps their leases, streams the pieces of the answers, repeats reports until they
 * are taken, and stops gracefully. It retries for as long as the platform is out of reach or refuses the key.
 *
 * @throws {TypeError} when `url` or `key` cannot be right
 */
export function serve(options: ServeOptions): ServedWorker {
  const worker = workerOptions(options);
  const stopping = new AbortController();
  const { signal } = options;
  const removeHandlers = signal === undefined ? stopOnSignals(stopping, worker.log) : (): void => undefined;
  const stop = signal === undefined ? stopping.signal : AbortSignal.any([signal, stopping.signal]);
  const stopped = serveWorker(worker, stop).finally(removeHandlers);
  return {
    stop: () => {
      stopping.abort();
      return stopped;
    },
    stopped,
  };
}
