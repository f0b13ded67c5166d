import { readFileSync } from "node:fs";
import { limits } from "@deepbot/contract";
import { z } from "zod";
import { endpointAddress } from "./fields.ts";

const modelDefaults = {
  contextTokens: 16_000,
  firstChunkTimeoutMs: 60_000,
  idleTimeoutMs: 30_000,
  maxRetries: 1,
};

const text = z.string("must be a text").min(1, "must not be empty");

const whole = (min: number, max: number) =>
  z.int("must be a whole number").min(min, `must be at least ${min}`).max(max, `must be at most ${max}`);

const strict = { error: (issue: z.core.$ZodRawIssue) => describeObject(issue) };

function describeObject(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== "unrecognized_keys") return "must be an object";
  return `has no setting named ${issue.keys.join(", ")}`;
}

const assistant = z.strictObject(
  {
    slug: text
      .max(limits.assistantSlugMax, `must be at most ${limits.assistantSlugMax} characters long`)
      .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, "must be the slug of an assistant, such as deepbot"),
    endpoint: endpointAddress,
    api_key_env: text.optional(),
    protocol: z
      .enum(["chat-completions", "responses"], "must be chat-completions or responses")
      .default("chat-completions"),
    model: text,
    prompt: text.optional(),
    context_tokens: whole(100, 10_000_000).default(modelDefaults.contextTokens),
    first_chunk_timeout_ms: whole(1, 3_600_000).default(modelDefaults.firstChunkTimeoutMs),
    idle_timeout_ms: whole(1, 3_600_000).default(modelDefaults.idleTimeoutMs),
    max_retries: whole(0, 10).default(modelDefaults.maxRetries),
  },
  strict,
);

const file = z.strictObject(
  { assistants: z.array(assistant, "must be a list").min(1, "must name at least one assistant") },
  strict,
);

export type FileAssistant = z.output<typeof assistant>;

/** Such as `assistants[0].model`. */
const placeOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (place, key) => place + (typeof key === "number" ? `[${key}]` : `${place === "" ? "" : "."}${String(key)}`),
    "",
  );

function describeIssue({ code, path, message, input }: z.core.$ZodIssue): string {
  const isMissing = code === "invalid_type" && input === undefined;
  return [placeOf(path), isMissing ? "must be set" : message].filter(Boolean).join(" ");
}

function findRepeated(assistants: readonly FileAssistant[]): string[] {
  const slugs = assistants.map(({ slug }) => slug);
  const repeated = new Set(slugs.filter((slug, index) => slugs.indexOf(slug) !== index));
  return [...repeated].map((slug) => `names the assistant ${slug} twice`);
}

interface ReadFile {
  assistants: FileAssistant[];
  problems: string[];
}

function refuse(...problems: string[]): ReadFile {
  return { assistants: [], problems: problems.map((problem) => `AI_BRIDGE_CONFIG: ${problem}`) };
}

/**
 * Reads the file with several assistants.
 *
 * @returns the assistants, and a sentence for each mistake, of which none repeats a value that may be secret
 */
export function readAssistantsFile(path: string): ReadFile {
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch {
    return refuse("the file cannot be read");
  }
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return refuse("the file is not JSON");
  }
  const parsed = file.safeParse(value, { reportInput: true });
  if (!parsed.success) return refuse(...parsed.error.issues.map(describeIssue));
  const repeated = findRepeated(parsed.data.assistants);
  return repeated.length > 0 ? refuse(...repeated) : { assistants: parsed.data.assistants, problems: [] };
}
