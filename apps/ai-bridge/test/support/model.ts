import { onTestFinished } from "vitest";
import type { Answerer, AskedRun } from "../../src/answerers/answerer.ts";
import { createOpenAiAnswerer } from "../../src/answerers/model/openai-answerer.ts";
import type { ModelConfig } from "../../src/config.ts";
import { runOf } from "./dialog.ts";
import { startModelServer, type Behaviour, type ModelServer } from "./model-server.ts";

export const modelDefaults: ModelConfig = {
  protocol: "chat-completions",
  baseUrl: "",
  apiKey: "sk-of-the-test",
  model: "tiny",
  systemPrompt: null,
  contextTokens: 16_000,
  firstChunkTimeoutMs: 10_000,
  idleTimeoutMs: 10_000,
  maxRetries: 0,
};

/** An answerer with a model of its own, until the end of the test. */
export async function startModel(
  behave: Behaviour,
  changes: Partial<ModelConfig> = {},
): Promise<{ model: ModelServer; answerer: Answerer }> {
  const model = await startModelServer(behave);
  onTestFinished(model.stop);
  return { model, answerer: createOpenAiAnswerer({ ...modelDefaults, baseUrl: model.baseUrl, ...changes }) };
}

/** A run with one message. */
export const question: AskedRun = runOf(["How are you?"]);
