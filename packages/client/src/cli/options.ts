import { parseArgs } from "node:util";
import { limits } from "@deepbot/contract";

export const usage = `Usage: deepbot worker --exec COMMAND [options]

Answers questions by a command of yours. Each question comes as one line of JSON on its standard input; what it prints is the
answer, as it comes. When it exits with another status than 0, the last line of its standard error says why there is no answer.
It gets SIGTERM when nobody wants the answer any more.

  --exec COMMAND       run by the shell, once for each question
  --url URL            origin of the platform; or DEEPBOT_URL
  --key KEY            service key; better in DEEPBOT_KEY, because others can see a command line
  --assistant SLUG     answers for this assistant only; may be repeated
  --concurrency N      questions at once, 1 to ${limits.claimMax}; by default 4`;

/** The command line cannot be understood. */
export class UsageError extends Error {}

export interface Options {
  exec: string;
  url: string;
  key: string;
  concurrency?: number;
  assistants?: string[];
}

function parse(args: string[]): ReturnType<typeof parseArgs<typeof config>> {
  try {
    return parseArgs({ ...config, args });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : "The command line is not valid.");
  }
}

const config = {
  allowPositionals: true,
  options: {
    exec: { type: "string" },
    url: { type: "string" },
    key: { type: "string" },
    assistant: { type: "string", multiple: true },
    concurrency: { type: "string" },
  },
} as const;

function readConcurrency(text: string): number {
  const concurrency = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (concurrency >= 1 && concurrency <= limits.claimMax) return concurrency;
  throw new UsageError(`--concurrency must be a whole number from 1 to ${limits.claimMax}.`);
}

function required(value: string | undefined, advice: string): string {
  if (value === undefined || value === "") throw new UsageError(advice);
  return value;
}

/** @throws {UsageError} with a sentence that says what is wrong */
export function readOptions(args: string[], environment: Readonly<Record<string, string | undefined>>): Options {
  const { values, positionals } = parse(args);
  const { concurrency, assistant: assistants } = values;
  if (positionals.join(" ") !== "worker") throw new UsageError("The command must be `worker`.");
  return {
    exec: required(values.exec, "--exec must name a command that answers."),
    url: required(values.url ?? environment["DEEPBOT_URL"], "--url or DEEPBOT_URL must be the origin of the platform."),
    key: required(
      values.key ?? environment["DEEPBOT_KEY"],
      "--key or DEEPBOT_KEY must be a service key of the platform.",
    ),
    ...(concurrency === undefined ? {} : { concurrency: readConcurrency(concurrency) }),
    ...(assistants === undefined ? {} : { assistants }),
  };
}
