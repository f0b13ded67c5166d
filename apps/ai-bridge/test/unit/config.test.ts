import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { readConfig as readAnyConfig, type Config, type ModelConfig } from "../../src/config.ts";

/** In development, unless the environment says otherwise. */
const readConfig = (environment: Record<string, string>): Config =>
  readAnyConfig({ DEEPBOT_DEV: "true", ...environment });

/** The one model that the environment names. */
const modelIn = (environment: Record<string, string>): ModelConfig | null | undefined =>
  readConfig(environment).assistants[0]?.model;

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
    assistants: [{ slug: null, model: null }],
    demoPaceMs: 25,
  });
});

test("reads a model's settings", () => {
  const model = modelIn({
    OPENAI_BASE_URL: "http://127.0.0.1:11434/v1/",
    OPENAI_MODEL: "tiny",
    OPENAI_SYSTEM_PROMPT: "Be brief.",
    OPENAI_CONTEXT_TOKENS: "8000",
    OPENAI_FIRST_CHUNK_TIMEOUT_MS: "1000",
  });
  expect(model).toEqual({
    protocol: "chat-completions",
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
  expect(modelIn({ OPENAI_MODEL: "m", OPENAI_API_KEY: "k" })).toMatchObject({
    baseUrl: "https://api.openai.com/v1",
    apiKey: "k",
  });
});

test("a key alone turns no model on, and empty values count as absent", () => {
  expect(modelIn({ OPENAI_API_KEY: "k", OPENAI_MODEL: "", OPENAI_BASE_URL: "" })).toBeNull();
});

test("reads secrets from files", async () => {
  const config = readConfig({
    API_KEY_AI_FILE: await fileWith("the service key\n"),
    OPENAI_API_KEY_FILE: await fileWith("the key of the model\n"),
    OPENAI_MODEL: "m",
  });
  expect(config.platform.serviceKey).toBe("the service key");
  expect(config.assistants[0]?.model?.apiKey).toBe("the key of the model");
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

const oneAssistant = { slug: "writer", endpoint: "http://127.0.0.1:11434/v1/", model: "tiny" };
const configOf = async (value: unknown, environment: Record<string, string> = {}) => {
  const path = await fileWith(typeof value === "string" ? value : JSON.stringify(value));
  return () => readConfig({ AI_BRIDGE_CONFIG: path, ...environment });
};

test("reads several assistants from a file", async () => {
  const thinker = {
    slug: "thinker",
    endpoint: "https://models.example.com/v1",
    api_key_env: "THINKER_KEY",
    protocol: "responses",
    model: "large",
    prompt: "Think.",
    context_tokens: 4_000,
    first_chunk_timeout_ms: 120_000,
    idle_timeout_ms: 60_000,
    max_retries: 0,
  };
  const key = { THINKER_KEY_FILE: await fileWith("the key of the thinker\n") };
  const { assistants } = (await configOf({ assistants: [oneAssistant, thinker] }, key))();
  expect(assistants).toEqual([
    {
      slug: "writer",
      model: {
        protocol: "chat-completions",
        baseUrl: "http://127.0.0.1:11434/v1",
        apiKey: null,
        model: "tiny",
        systemPrompt: null,
        contextTokens: 16_000,
        firstChunkTimeoutMs: 60_000,
        idleTimeoutMs: 30_000,
        maxRetries: 1,
      },
    },
    {
      slug: "thinker",
      model: {
        protocol: "responses",
        baseUrl: "https://models.example.com/v1",
        apiKey: "the key of the thinker",
        model: "large",
        systemPrompt: "Think.",
        contextTokens: 4_000,
        firstChunkTimeoutMs: 120_000,
        idleTimeoutMs: 60_000,
        maxRetries: 0,
      },
    },
  ]);
});

const listOf = (changes: object) => ({ assistants: [{ ...oneAssistant, ...changes }] });

test.each<[string, unknown, Record<string, string>?]>([
  ["AI_BRIDGE_CONFIG: the file is not JSON", "{"],
  ["AI_BRIDGE_CONFIG: must be an object", []],
  ["AI_BRIDGE_CONFIG: assistants must be set", {}],
  ["AI_BRIDGE_CONFIG: assistants must be a list", { assistants: {} }],
  ["AI_BRIDGE_CONFIG: assistants must name at least one assistant", { assistants: [] }],
  ["AI_BRIDGE_CONFIG: has no setting named models", { assistants: [oneAssistant], models: [] }],
  ["AI_BRIDGE_CONFIG: assistants[0] must be an object", { assistants: ["writer"] }],
  ["AI_BRIDGE_CONFIG: assistants[0] has no setting named api_key", listOf({ api_key: "sk-1" })],
  ["AI_BRIDGE_CONFIG: assistants[0].model must be set", listOf({ model: undefined })],
  ["AI_BRIDGE_CONFIG: assistants[0].model must be a text", listOf({ model: 3 })],
  ["AI_BRIDGE_CONFIG: assistants[0].slug must be the slug of an assistant", listOf({ slug: "My Writer" })],
  ["AI_BRIDGE_CONFIG: assistants[0].endpoint must be an address", listOf({ endpoint: "localhost" })],
  ["AI_BRIDGE_CONFIG: assistants[0].endpoint must be set", listOf({ endpoint: undefined })],
  ["AI_BRIDGE_CONFIG: assistants[0].protocol must be chat-completions or responses", listOf({ protocol: "grpc" })],
  ["AI_BRIDGE_CONFIG: assistants[0].context_tokens must be at least 100", listOf({ context_tokens: 1 })],
  ["AI_BRIDGE_CONFIG: assistants[0].max_retries must be a whole number", listOf({ max_retries: "1" })],
  ["AI_BRIDGE_CONFIG: names the assistant writer twice", { assistants: [oneAssistant, oneAssistant] }],
  ["WRITER_KEY must be set: AI_BRIDGE_CONFIG names it as a key", listOf({ api_key_env: "WRITER_KEY" })],
  ["OPENAI_MODEL and AI_BRIDGE_CONFIG are both set: keep one", listOf({}), { OPENAI_MODEL: "m" }],
])("says: %s", async (sentence, value, environment) => {
  expect(await configOf(value, environment)).toThrow(`  - ${sentence}`);
});

describe("the keys of several endpoints", () => {
  const twoEndpoints = {
    assistants: [
      { ...oneAssistant, api_key_env: "WRITER_KEY" },
      { ...oneAssistant, slug: "thinker", api_key_env: "THINKER_KEY" },
    ],
  };
  const keysIn = async (environment: Record<string, string>): Promise<unknown[]> =>
    (await configOf(twoEndpoints, environment))().assistants.map(({ model }) => model?.apiKey);

  test("come from one file, a line for each, or are settings of their own", async () => {
    const lines = ["# Of two makers", "WRITER_KEY=sk-w=#1\r", "", "UNUSED_KEY=sk-u", "  THINKER_KEY=sk-t  ", ""];
    const both = { AI_BRIDGE_KEYS_FILE: await fileWith(lines.join("\n")) };
    expect(await keysIn(both)).toEqual(["sk-w=#1", "sk-t"]);
    expect(await keysIn({ AI_BRIDGE_KEYS: "WRITER_KEY=sk-w", THINKER_KEY: "sk-t" })).toEqual(["sk-w", "sk-t"]);
  });

  test("may be missing where no endpoint needs one", async () => {
    const { assistants } = (await configOf(listOf({}), { AI_BRIDGE_KEYS_FILE: await fileWith("\n") }))();
    expect(assistants[0]?.model?.apiKey).toBeNull();
  });

  test.each<[string, string, Record<string, string>?]>([
    ["AI_BRIDGE_KEYS: line 2 is not NAME=key", "WRITER_KEY=sk-1\nsk-secret"],
    ["AI_BRIDGE_KEYS: line 1 is not NAME=key", "WRITER_KEY="],
    ["AI_BRIDGE_KEYS: names the key WRITER_KEY twice", "WRITER_KEY=sk-secret\nWRITER_KEY=sk-secret"],
    ["THINKER_KEY must be set: AI_BRIDGE_CONFIG names it as a key", "WRITER_KEY=sk-secret"],
    ["WRITER_KEY is set and in AI_BRIDGE_KEYS too: keep one", "WRITER_KEY=sk-secret", { WRITER_KEY: "sk-secret" }],
  ])("says: %s", async (sentence, keys, environment) => {
    const read = await configOf(twoEndpoints, { AI_BRIDGE_KEYS: keys, ...environment });
    expect(read).toThrow(`  - ${sentence}`);
    expect(read).not.toThrow("sk-secret");
  });
});

test("says that a file is not there", () => {
  expect(() => readConfig({ AI_BRIDGE_CONFIG: "/nowhere/at/all" })).toThrow(
    "AI_BRIDGE_CONFIG: the file cannot be read",
  );
});

test("never repeats what a file holds", async () => {
  const read = await configOf(listOf({ endpoint: "secret-1", model: { a: "secret-2" }, protocol: "secret-3" }));
  expect(read).not.toThrow(/secret-\d/);
  expect(read).toThrow("assistants[0].endpoint must be an address");
});
