import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readConfig as readAnyConfig, type Config } from "../../src/config.ts";

/** In development, unless the environment says otherwise. */
const readConfig = (environment: Record<string, string>): Config =>
  readAnyConfig({ DEEPBOT_DEV: "true", ...environment });

async function fileWith(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "deepbot-bridge-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "secret");
  await writeFile(path, text);
  return path;
}

test("needs no settings during development", () => {
  expect(readConfig({})).toEqual({
    production: false,
    logLevel: "info",
    platform: { url: "http://127.0.0.1:8000", serviceKey: "dev-messages-key" },
    worker: {
      name: `${hostname().slice(0, 80)}-${process.pid}`,
      concurrency: 4,
      leaseMs: 30_000,
      historyLimit: 100,
      stopGraceMs: 5_000,
      fallback: true,
    },
    model: null,
    demoPaceMs: 25,
  });
});

test("reads a model's settings", () => {
  const { model } = readConfig({
    OPENAI_BASE_URL: "http://127.0.0.1:11434/v1/",
    OPENAI_MODEL: "tiny",
    OPENAI_SYSTEM_PROMPT: "Be brief.",
    OPENAI_CONTEXT_TOKENS: "8000",
    OPENAI_FIRST_CHUNK_TIMEOUT_MS: "1000",
  });
  expect(model).toEqual({
    baseUrl: "http://127.0.0.1:11434/v1",
    apiKey: null,
    model: "tiny",
    systemPrompt: "Be brief.",
    contextTokens: 8_000,
    firstChunkTimeoutMs: 1_000,
    idleTimeoutMs: 30_000,
    maxRetries: 1,
  });
});

test("uses OpenAI's endpoint when only a model and a key are given", () => {
  expect(readConfig({ OPENAI_MODEL: "m", OPENAI_API_KEY: "k" }).model).toMatchObject({
    baseUrl: "https://api.openai.com/v1",
    apiKey: "k",
  });
});

test("a key alone turns no model on, and empty values count as absent", () => {
  expect(readConfig({ OPENAI_API_KEY: "k", OPENAI_MODEL: "", OPENAI_BASE_URL: "" }).model).toBeNull();
});

test("reads secrets from files", async () => {
  const config = readConfig({
    API_KEY_AI_FILE: await fileWith("the service key\n"),
    OPENAI_API_KEY_FILE: await fileWith("the key of the model\n"),
    OPENAI_MODEL: "m",
  });
  expect(config.platform.serviceKey).toBe("the service key");
  expect(config.model?.apiKey).toBe("the key of the model");
});

test.each<[string, Record<string, string>]>([
  ["OPENAI_MODEL must name a model of the endpoint in OPENAI_BASE_URL", { OPENAI_BASE_URL: "http://127.0.0.1:1/v1" }],
  ["OPENAI_API_KEY must be set for https://api.openai.com/v1", { OPENAI_MODEL: "m" }],
  ["API_KEY_AI must be set to the key that the server has", { DEEPBOT_DEV: "" }],
  ["API_KEY_AI must be set to the key that the server has", { DEEPBOT_DEV: "false", API_KEY_AI: "dev-messages-key" }],
  ["DEEPBOT_DEV must be true or false", { DEEPBOT_DEV: "yes", API_KEY_AI: "k" }],
  ["API_KEY_AI and API_KEY_AI_FILE are both set", { API_KEY_AI: "k", API_KEY_AI_FILE: "/dev/null" }],
  ["API_KEY_AI_FILE names a file that cannot be read", { API_KEY_AI_FILE: "/nowhere/at/all" }],
  ["API_KEY_AI_FILE names an empty file", { API_KEY_AI_FILE: "/dev/null" }],
  ["DEEPBOT_URL must be an address", { DEEPBOT_URL: "localhost:8000" }],
  ["DEEPBOT_URL must be an address", { DEEPBOT_URL: "http://localhost:8000/trpc" }],
  ["WORKER_CONCURRENCY must be at least 1", { WORKER_CONCURRENCY: "0" }],
  ["WORKER_CONCURRENCY must be at most 50", { WORKER_CONCURRENCY: "51" }],
  ["LEASE_MS must be a whole number", { LEASE_MS: "30s" }],
  ["LOG_LEVEL must be", { LOG_LEVEL: "loud" }],
  ["WORKER_FALLBACK must be true or false", { WORKER_FALLBACK: "1" }],
])("says: %s", (sentence, environment) => {
  expect(() => readConfig(environment)).toThrow(sentence);
});

test("reports all problems at once, without the values", () => {
  expect(() => readConfig({ OPENAI_BASE_URL: "ftp://secret-host", LEASE_MS: "1", DEEPBOT_DEV: "false" })).toThrow(
    [
      "The configuration is not usable:",
      "  - API_KEY_AI must be set to the key that the server has; in development set DEEPBOT_DEV=true",
      "  - OPENAI_MODEL must name a model of the endpoint in OPENAI_BASE_URL",
      "  - LEASE_MS must be at least 1000",
      "  - OPENAI_BASE_URL must be an address, such as http://127.0.0.1:11434/v1",
    ].join("\n"),
  );
});
