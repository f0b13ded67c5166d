import { parseArgs } from "node:util";
import { failureOf, type Client } from "@deepbot/client";
import type { WireRun } from "@deepbot/contract";
import { showAnswer } from "./show-answer.ts";
import { signIn } from "./sign-in.ts";

const usage = 'Usage: ask "your question" [--url http://localhost:8000]';
const person = { sub: "ask", givenName: "Ask" };
const dialogName = "ask";

/** The dialog of earlier questions, or a new one. */
async function findDialog(client: Client): Promise<number> {
  const { dialogs } = await client.dialogs.list.query();
  const known = dialogs.find(({ dialog_name }) => dialog_name === dialogName);
  return known?.dialog_id ?? (await client.dialogs.create.mutate({ dialog_name: dialogName })).dialog;
}

async function ask(url: string, question: string): Promise<WireRun> {
  const { signal } = new AbortController();
  const client = await signIn(url, { person, signal });
  const dialogId = await findDialog(client);
  const { run_id } = await client.runs.start.mutate({ dialog_id: dialogId, text_user: question });
  return showAnswer(client, run_id, {
    write: (text) => void process.stdout.write(text),
    onRestart: () => void process.stdout.write("\n… another worker starts over:\n"),
    signal,
  });
}

/** One sentence for the terminal. */
function describe(error: unknown, url: string): string {
  const isUnreachable = failureOf(error).code === "unreachable" || (error instanceof TypeError && "cause" in error);
  if (isUnreachable) return `No Deepbot server responds at ${url}. Start one with: npx -y pnpm@12.21.0 run dev`;
  return error instanceof Error ? error.message : String(error);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { url: { type: "string", default: "http://localhost:8000" } },
  });
  const question = positionals.join(" ").trim();
  const url = URL.parse(values.url)?.origin;
  if (question === "" || url === undefined) throw new Error(usage);
  const { state, error } = await ask(url, question).catch((failure: unknown) => {
    throw new Error(describe(failure, url), { cause: failure });
  });
  process.stdout.write("\n");
  if (state !== "completed") throw new Error(error?.message ?? `The question ended as ${state}.`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
