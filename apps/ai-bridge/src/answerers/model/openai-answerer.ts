import type { Usage } from "@deepbot/client/worker";
import OpenAI from "openai";
import type { ModelConfig } from "../../config.ts";
import type { Answerer, ModelPart } from "../answerer.ts";
import { AnswererError } from "../answerer-error.ts";
import { chatCompletions } from "./chat-completions.ts";
import { toAnswererError } from "./openai-error.ts";
import { toPrompt } from "./prompt.ts";
import type { Protocol } from "./protocol.ts";
import { createReadTimer, type ReadTimer } from "./read-timer.ts";
import { responses } from "./responses.ts";

const protocols: Readonly<Record<ModelConfig["protocol"], Protocol>> = {
  "chat-completions": chatCompletions,
  responses,
};

function createClient({ baseUrl, apiKey, firstChunkTimeoutMs, maxRetries }: ModelConfig): OpenAI {
  return new OpenAI({
    baseURL: baseUrl,
    // Self-hosted servers often need no key, but the library requires one.
    apiKey: apiKey ?? "none",
    // Otherwise the library reads these from the environment.
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    // The library's log contains requests.
    logLevel: "off",
    // Covers the time to the headers; `readEvents` times the rest.
    timeout: firstChunkTimeoutMs,
    // Low, because the platform retries the whole run: the retries of both layers multiply.
    maxRetries,
  });
}

interface Completion {
  protocol: Protocol;
  open: (signal: AbortSignal) => Promise<AsyncIterable<unknown>>;
  config: ModelConfig;
  signal: AbortSignal;
}

/** Reads the events and times the wait for each. The reader's own time between two events does not count. */
async function* readEvents({ open, config, signal }: Completion, timer: ReadTimer): AsyncGenerator {
  timer.start(config.firstChunkTimeoutMs);
  try {
    for await (const event of await open(AbortSignal.any([signal, timer.signal]))) {
      timer.stop();
      yield event;
      timer.start(config.idleTimeoutMs);
    }
  } finally {
    timer.stop();
  }
}

async function* readAnswer(completion: Completion): AsyncGenerator<ModelPart> {
  const timer = createReadTimer();
  const readChunk = completion.protocol.createReader();
  let started = false;
  let finished = false;
  let usage: Usage | undefined;
  const toError = (error: unknown): AnswererError =>
    toAnswererError(error, { started, timedOut: timer.signal.aborted });
  try {
    for await (const event of readEvents(completion, timer)) {
      const chunk = readChunk(event);
      if (chunk.filtered) throw new AnswererError("model_refused", "content filter");
      started = true;
      finished ||= chunk.finished;
      usage = chunk.usage ?? usage;
      yield* chunk.parts;
    }
  } catch (error) {
    if (error instanceof AnswererError) throw error;
    // After the finish reason the text is complete; only the usage may be missing.
    if (!finished) throw toError(error);
  }
  // The library ends an aborted or prematurely closed stream without an error.
  if (!finished && (started || timer.signal.aborted)) throw toError(undefined);
  if (usage !== undefined) yield { kind: "usage", usage };
}

/** Answers with any endpoint that speaks OpenAI's chat completions or its responses, streaming. */
export function createOpenAiAnswerer(config: ModelConfig): Answerer {
  const client = createClient(config);
  const { model } = config;
  const protocol = protocols[config.protocol];
  return {
    name: `model ${model}`,
    answer: (run, { signal }) =>
      readAnswer({
        config,
        protocol,
        signal,
        open: (callSignal) => protocol.open(client, { model, prompt: toPrompt(run, config) }, callSignal),
      }),
  };
}
