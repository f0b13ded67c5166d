import { onTestFinished } from "vitest";
import type { Answer, AnswerPart, ClaimedRun, WorkerLog } from "../../src/worker/index.ts";
import { serveWorker } from "../../src/worker/serve-worker.ts";
import type { WorkerOptions } from "../../src/worker/types.ts";
import { createFakePlatform, FakeRefusal, type FakePlatform, type Handler } from "./fake-platform.ts";

export const claimedRun: ClaimedRun = {
  run_id: 7,
  dialog_id: 3,
  assistant: { slug: "deepbot", instructions: "" },
  user: "Zk9sVb3QmWx0aYtR5uLc2g",
  user_id: 1,
  locale: "en",
  attempt: 1,
  max_attempts: 3,
  lease_token: "11111111-1111-4111-8111-111111111111",
  lease_until: "2026-01-01T00:00:30Z",
  deadline_at: "2026-01-01T00:05:00Z",
  messages: [{ message_id: 1, role: "user", content: "Hello?" }],
};

export interface LogLine {
  event: string;
  reason?: string;
  message: string;
}

export interface TestWorker extends FakePlatform {
  log: LogLine[];
  /** Stops the worker and waits for its end. */
  stop: () => Promise<void>;
}

/** An answer in these pieces, at once. */
export const saying = (...pieces: string[]): Answer =>
  async function* say(): AsyncGenerator<AnswerPart> {
    for (const text of pieces) yield { kind: "text", text };
  };

/** Says something, then nothing until the signal aborts. */
export const hanging = (text: string): Answer =>
  async function* hang(_run, { signal }): AsyncGenerator<AnswerPart> {
    yield { kind: "text", text };
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  };

/** For parts that are tested without the worker around them. */
export const silentLog: WorkerLog = createLog([]);

function createLog(lines: LogLine[]): WorkerLog {
  const write = (fields: object, message: string): void => void lines.push({ ...(fields as LogLine), message });
  return { debug: write, info: write, warn: write, error: write };
}

/** Starts a worker against a platform that hands out `claimedRun` once. */
export function startWorker(
  handlers: Record<string, Handler>,
  options: Partial<WorkerOptions> & Pick<WorkerOptions, "answer">,
): TestWorker {
  const never = new Promise(() => undefined);
  const platform = createFakePlatform({
    "worker.claim": (_input, index) => (index === 0 ? { runs: [claimedRun] } : never),
    "worker.heartbeat": () => ({ cancel_requested: false }),
    "worker.append": () => ({ cancel_requested: false }),
    "worker.complete": () => ({ run_id: 7, state: "completed" }),
    "worker.fail": () => ({ run_id: 7, state: "failed" }),
    "worker.release": () => ({ run_id: 7, state: "queued" }),
    ...handlers,
  });
  const log: LogLine[] = [];
  const stopping = new AbortController();
  const served = serveWorker(
    {
      client: platform.client,
      name: "test",
      texts: {
        describeFailure: (reason) => ({
          code: reason.kind,
          message: "Sorry.",
          retry: true,
          detail: reason.kind === "error" ? String(reason.error) : "",
        }),
        truncationNote: () => "[cut]",
      },
      log: createLog(log),
      concurrency: 1,
      leaseMs: 30_000,
      historyLimit: 100,
      stopGraceMs: 0,
      fallback: false,
      ...options,
    },
    stopping.signal,
  );
  const stop = async (): Promise<void> => {
    stopping.abort();
    await served;
  };
  onTestFinished(stop);
  return { ...platform, log, stop };
}

export const cutConnection = (): never => {
  throw new TypeError("fetch failed");
};

export const refuse = (code: FakeRefusal["code"]) => (): never => {
  throw new FakeRefusal(code);
};

/** Fails the first call, then responds as usual. */
export const failingOnce =
  (response: object) =>
  (_input: unknown, index: number): object =>
    index === 0 ? cutConnection() : response;
