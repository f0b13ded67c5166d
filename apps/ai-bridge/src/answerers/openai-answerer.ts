import OpenAI from "openai";
import type { ModelConfig } from "../config.ts";
import type { DialogMessage } from "../platform/client.ts";
import type { Answerer, AnswerPart, Usage } from "./answerer.ts";
import { AnswerFailure } from "./failure.ts";
import { readChunk } from "./openai-chunk.ts";
import { toFailure } from "./openai-failure.ts";
import { createPatience, type Patience } from "./patience.ts";

function createClient({ baseUrl, apiKey, firstChunkTimeoutMs, maxRetries }: ModelConfig): OpenAI {
  return new OpenAI({
    baseURL: baseUrl,
    // Servers of one's own often ask for no key, but the library insists on one.
    apiKey: apiKey ?? "none",
    // Else the library reads these from the environment.
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    // Its log would show requests.
    logLevel: "off",
    // Up to the headers; what comes after is timed here.
    timeout: firstChunkTimeoutMs,
    // One more try at once gets over a hiccup and honours Retry-After. More belongs to the platform, which tries the
    // whole run again, after pauses, with any worker; two layers of many tries would multiply.
    maxRetries,
  });
}

function toPrompt(
  messages: readonly DialogMessage[],
  systemPrompt: string | null,
): OpenAI.ChatCompletionMessageParam[] {
  const dialog = messages
    .filter(({ content }) => content !== "")
    .map(({ role, content }) => ({ role: role === "bot" ? ("assistant" as const) : ("user" as const), content }));
  return systemPrompt === null ? dialog : [{ role: "system", content: systemPrompt }, ...dialog];
}

interface Exchange {
  open: (signal: AbortSignal) => Promise<AsyncIterable<unknown>>;
  config: ModelConfig;
  signal: AbortSignal;
}

/** Times the waits, not what the reader does between them. */
async function* timed({ open, config, signal }: Exchange, patience: Patience): AsyncGenerator {
  patience.expectWithin(config.firstChunkTimeoutMs);
  try {
    for await (const event of await open(AbortSignal.any([signal, patience.signal]))) {
      patience.rest();
      yield event;
      patience.expectWithin(config.idleTimeoutMs);
    }
  } finally {
    patience.rest();
  }
}

async function* readAnswer(exchange: Exchange): AsyncGenerator<AnswerPart> {
  const patience = createPatience();
  const seen: { begun: boolean; finished: boolean; usage: Usage | undefined } = {
    begun: false,
    finished: false,
    usage: undefined,
  };
  const failure = (error: unknown): AnswerFailure =>
    toFailure(error, { begun: seen.begun, timedOut: patience.signal.aborted });
  try {
    for await (const event of timed(exchange, patience)) {
      const chunk = readChunk(event);
      if (chunk.filtered) throw new AnswerFailure("model_refused", "content filter");
      seen.begun = true;
      seen.finished ||= chunk.finished;
      seen.usage = chunk.usage ?? seen.usage;
      if (chunk.text !== "") yield { kind: "text", text: chunk.text };
    }
  } catch (error) {
    if (error instanceof AnswerFailure) throw error;
    // What goes wrong after the model said that this was all costs the usage at most.
    if (!seen.finished) throw failure(error);
  }
  // The library ends an aborted stream, and one that was closed early, as if it were whole.
  if (!seen.finished && (seen.begun || patience.signal.aborted)) throw failure(undefined);
  if (seen.usage !== undefined) yield { kind: "usage", usage: seen.usage };
}

/** Answers by any endpoint that speaks OpenAI's chat completions, as a stream. */
export function createOpenAiAnswerer(config: ModelConfig): Answerer {
  const client = createClient(config);
  return {
    name: `model ${config.model}`,
    answer: (messages, { signal }) =>
      readAnswer({
        config,
        signal,
        open: (callSignal) =>
          client.chat.completions.create(
            {
              model: config.model,
              messages: toPrompt(messages, config.systemPrompt),
              stream: true,
              stream_options: { include_usage: true },
            },
            { signal: callSignal },
          ),
      }),
  };
}
