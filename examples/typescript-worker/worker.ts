import { hostname } from "node:os";
import { createClient } from "@deepbot/client";
import { serveWorker, type AnswerPart, type ClaimedRun } from "@deepbot/client/worker";

const { DEEPBOT_URL = "http://127.0.0.1:8000", DEEPBOT_KEY = "dev-messages-key" } = process.env;

/** Put your model here. */
async function* answer({ messages }: ClaimedRun): AsyncGenerator<AnswerPart> {
  yield { kind: "text", text: "Hello from TypeScript! You wrote: " };
  yield { kind: "text", text: messages.at(-1)?.content ?? "" };
}

const write = (_fields: object, message: string): void => console.log(message);
const stop = new AbortController();
for (const name of ["SIGTERM", "SIGINT"]) process.once(name, () => stop.abort());

await serveWorker(
  {
    client: createClient({ url: DEEPBOT_URL, headers: () => ({ "x-messages-key": DEEPBOT_KEY }) }),
    name: `typescript-${hostname()}-${process.pid}`,
    answer,
    texts: {
      describeFailure: ({ kind }) => ({ code: "worker_error", message: "The AI failed.", retry: true, detail: kind }),
      truncationNote: () => "\n\n[The answer was too long and has been cut here.]",
    },
    log: { debug: () => {}, info: write, warn: write, error: write },
    concurrency: 4,
    leaseMs: 30_000,
    historyLimit: 100,
    stopGraceMs: 10_000,
    fallback: false,
  },
  stop.signal,
);
