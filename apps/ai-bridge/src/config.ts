import { hostname } from "node:os";
import { limits } from "@deepbot/contract";
import { ConfigError, describeIssues, logLevel, resolveEnvironment, whole, type Environment } from "@deepbot/runtime";
import { z } from "zod";
import { readAssistantsFile, type FileAssistant } from "./config/assistants-file.ts";
import { addEndpointKeys } from "./config/endpoint-keys.ts";
import { origin, positive, endpointAddress } from "./config/fields.ts";

/** A model behind an endpoint. */
export interface ModelConfig {
  /** OpenAI's chat completions, which most servers speak, or its responses. */
  protocol: "chat-completions" | "responses";
  baseUrl: string;
  /** Null for an endpoint without one. */
  apiKey: string | null;
  model: string;
  /** Follows the instructions of the assistant. */
  systemPrompt: string | null;
  /** How long a prompt may be, by an estimate. */
  contextTokens: number;
  /** From the request to the first piece of the answer. */
  firstChunkTimeoutMs: number;
  /** Between two pieces. */
  idleTimeoutMs: number;
  maxRetries: number;
}

export interface WorkerConfig {
  name: string;
  /** Runs at once. */
  concurrency: number;
  leaseMs: number;
  /** How many of a dialog's newest messages come with a question. */
  historyLimit: number;
  stopGraceMs: number;
  /** Takes questions only while no other worker is there. */
  fallback: boolean;
}

/** Which model answers for an assistant. */
export interface AssistantConfig {
  /** Null for all that the service key reaches. */
  slug: string | null;
  /** Null for the offline demo answerer. */
  model: ModelConfig | null;
}

export interface Config {
  production: boolean;
  logLevel: string;
  platform: { url: string; serviceKey: string };
  worker: WorkerConfig;
  assistants: readonly AssistantConfig[];
  /** Pause before each word of the demo answerer. */
  demoPaceMs: number;
}

const secretNames = ["API_KEY_AI", "OPENAI_API_KEY"];

/** The server's default in development, so that both work together without any setting. It is no key in production. */
const developmentKey = "dev-messages-key";

const openAiUrl = "https://api.openai.com/v1";

const schema = z.object({
  DEEPBOT_DEV: z.enum(["true", "false"], "must be true or false").default("false"),
  LOG_LEVEL: logLevel.default("info"),
  DEEPBOT_URL: origin.default("http://127.0.0.1:8000"),
  API_KEY_AI: z.string().default(developmentKey),
  WORKER_NAME: z
    .string()
    .max(limits.workerNameMax, `must be at most ${limits.workerNameMax} characters long`)
    .optional(),
  WORKER_CONCURRENCY: whole(1, limits.claimMax).default(4),
  WORKER_STOP_GRACE_MS: whole(0, 600_000).default(5_000),
  WORKER_HISTORY_LIMIT: whole(1, limits.historyMax).default(limits.historyDefault),
  WORKER_FALLBACK: z.enum(["true", "false"], "must be true or false").default("true"),
  DEMO_PACE_MS: whole(0, 10_000).default(25),
  LEASE_MS: whole(limits.leaseMinMs, limits.leaseMaxMs).default(limits.leaseDefaultMs),
  OPENAI_BASE_URL: endpointAddress.optional(),
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_MODEL: z.string().optional(),
  OPENAI_SYSTEM_PROMPT: z.string().optional(),
  OPENAI_CONTEXT_TOKENS: whole(100, 10_000_000).default(16_000),
  OPENAI_FIRST_CHUNK_TIMEOUT_MS: positive.default(60_000),
  OPENAI_IDLE_TIMEOUT_MS: positive.default(30_000),
  OPENAI_MAX_RETRIES: whole(0, 10).default(1),
});

function findProblems(given: Readonly<Record<string, string>>, hasFile: boolean): string[] {
  const problems: string[] = [];
  const key = given["API_KEY_AI"];
  if (given["DEEPBOT_DEV"] !== "true" && (key === undefined || key === developmentKey)) {
    problems.push("API_KEY_AI must be set to the key that the server has; in development set DEEPBOT_DEV=true");
  }
  if (hasFile) return problems;
  const model = given["OPENAI_MODEL"];
  const url = given["OPENAI_BASE_URL"];
  if (url !== undefined && model === undefined) {
    problems.push("OPENAI_MODEL must name a model of the endpoint in OPENAI_BASE_URL");
  }
  if (model !== undefined && url === undefined && given["OPENAI_API_KEY"] === undefined) {
    problems.push(`OPENAI_API_KEY must be set for ${openAiUrl}; for another endpoint set OPENAI_BASE_URL`);
  }
  return problems;
}

function modelOf(env: z.infer<typeof schema>): ModelConfig | null {
  if (env.OPENAI_MODEL === undefined) return null;
  return {
    protocol: "chat-completions",
    baseUrl: env.OPENAI_BASE_URL ?? openAiUrl,
    apiKey: env.OPENAI_API_KEY ?? null,
    model: env.OPENAI_MODEL,
    systemPrompt: env.OPENAI_SYSTEM_PROMPT ?? null,
    contextTokens: env.OPENAI_CONTEXT_TOKENS,
    firstChunkTimeoutMs: env.OPENAI_FIRST_CHUNK_TIMEOUT_MS,
    idleTimeoutMs: env.OPENAI_IDLE_TIMEOUT_MS,
    maxRetries: env.OPENAI_MAX_RETRIES,
  };
}

function assistantOf(file: FileAssistant, values: Readonly<Record<string, string>>): AssistantConfig {
  const { slug, protocol, endpoint, api_key_env: keyName, model, prompt, ...bounds } = file;
  return {
    slug,
    model: {
      protocol,
      baseUrl: endpoint,
      apiKey: keyName === undefined ? null : (values[keyName] ?? null),
      model,
      systemPrompt: prompt ?? null,
      contextTokens: bounds.context_tokens,
      firstChunkTimeoutMs: bounds.first_chunk_timeout_ms,
      idleTimeoutMs: bounds.idle_timeout_ms,
      maxRetries: bounds.max_retries,
    },
  };
}

interface Given {
  values: Record<string, string>;
  problems: string[];
  /** Of the file, if one is named. */
  assistants: FileAssistant[] | null;
}

/** The environment, and the file that it names. Keys of endpoints are settings too, under names that the file gives. */
function readGiven(environment: Environment): Given {
  const path = environment["AI_BRIDGE_CONFIG"];
  if (!path) return { ...resolveEnvironment(environment, { secretNames }), assistants: null };
  const file = readAssistantsFile(path);
  const keyNames = [...new Set(file.assistants.flatMap(({ api_key_env: name }) => name ?? []))];
  const { values, problems } = resolveEnvironment(environment, {
    secretNames: [...secretNames, ...keyNames],
    // Empty while no endpoint needs a key.
    optionalSecretNames: ["AI_BRIDGE_KEYS"],
  });
  problems.push(...file.problems, ...addEndpointKeys(keyNames, values));
  for (const name of ["OPENAI_MODEL", "OPENAI_BASE_URL"]) {
    if (values[name] !== undefined) problems.push(`${name} and AI_BRIDGE_CONFIG are both set: keep one`);
  }
  return { values, problems, assistants: file.assistants };
}

/**
 * Reads and checks the environment. Only `OPENAI_MODEL` turns a model on: a key that happens to be set in a developer's
 * shell must not send texts anywhere.
 *
 * @throws {ConfigError} that lists every problem
 */
export function readConfig(environment: Environment = process.env): Config {
  const { values, problems, assistants } = readGiven(environment);
  problems.push(...findProblems(values, assistants !== null));
  const parsed = schema.safeParse(values);
  problems.push(...describeIssues(parsed.error));
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const env = parsed.data;
  return {
    production: env.DEEPBOT_DEV === "false",
    logLevel: env.LOG_LEVEL,
    platform: { url: env.DEEPBOT_URL, serviceKey: env.API_KEY_AI },
    worker: {
      name: env.WORKER_NAME ?? `${hostname().slice(0, 80)}-${process.pid}`,
      concurrency: env.WORKER_CONCURRENCY,
      leaseMs: env.LEASE_MS,
      historyLimit: env.WORKER_HISTORY_LIMIT,
      stopGraceMs: env.WORKER_STOP_GRACE_MS,
      fallback: env.WORKER_FALLBACK === "true",
    },
    assistants: assistants?.map((one) => assistantOf(one, values)) ?? [{ slug: null, model: modelOf(env) }],
    demoPaceMs: env.DEMO_PACE_MS,
  };
}
