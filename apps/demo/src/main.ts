import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBridgeProcess, startServerProcess, type Child } from "@deepbot/testing";
import { connect, type Client } from "./client.ts";
import { showAnswer, type Run } from "./show-answer.ts";

const limitMs = 90_000;

/** Short, so that one need not wait long for another worker to take over. */
const leaseMs = "2000";

const questions = ["Hello! My name is Ann.", "What is my name?"];

/** After this many words the person, or the worker, has had enough. */
const enoughWords = 5;

const write = (text: string): void => void process.stdout.write(text);
const print = (line = ""): void => write(`${line}\n`);

function startWorker(serverUrl: string): Child {
  return startBridgeProcess(serverUrl, { LEASE_MS: leaseMs, DEMO_PACE_MS: "60" });
}

async function talk(client: Client, dialogId: number): Promise<void> {
  for (const text_user of questions) {
    print(`\n  you  ${text_user}`);
    const startedAt = performance.now();
    const { answer_ai } = await client.messages.send.mutate({ dialog_id: dialogId, text_user });
    print(`  bot  ${answer_ai.replaceAll(/\n+/g, " ")}`);
    print(`       (${Math.round(performance.now() - startedAt)} ms)`);
  }
}

/** Asks and shows the answer growing; when there is enough of it, `onEnough` is called once. */
async function ask(
  client: Client,
  { dialogId, text, onEnough }: { dialogId: number; text: string; onEnough: (runId: number) => void },
): Promise<Run> {
  print(`\n  you  ${text}`);
  write("  bot  ");
  let enough = false;
  const onWords = (words: number, runId: number): void => {
    if (enough || words < enoughWords) return;
    enough = true;
    onEnough(runId);
  };
  const run = await showAnswer(client, { dialog_id: dialogId, text_user: text }, { write, onWords });
  print(`\n       (${run.state}, attempt ${run.attempt})`);
  return run;
}

function expectState(run: Run, state: Run["state"]): void {
  if (run.state !== state) throw new Error(`Run ${run.run_id} should be ${state}, but is ${run.state}.`);
}

async function play(serverUrl: string, parts: Child[]): Promise<void> {
  const first = startWorker(serverUrl);
  parts.unshift(first);
  const client = await connect(serverUrl, AbortSignal.timeout(limitMs));
  const { content } = await client.auth.me.query();
  print(`  signed in as ${content[0]?.given_name ?? "nobody"}`);
  const { dialog: dialogId } = await client.dialogs.create.mutate({ dialog_name: "Demo" });
  print(`  created dialog ${dialogId}`);
  await talk(client, dialogId);

  print("\nThe same, growing as it is made, and stopped half-way:");
  const stop = (run_id: number): void => void client.runs.cancel.mutate({ run_id });
  expectState(await ask(client, { dialogId, text: "How many questions did I ask?", onEnough: stop }), "cancelled");

  print("\nNow the worker is killed in the middle of its answer, and another takes over:");
  const replace = (): void => {
    first.signal("SIGKILL");
    parts.unshift(startWorker(serverUrl));
  };
  expectState(await ask(client, { dialogId, text: "What did I say first?", onEnough: replace }), "completed");
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "deepbot-demo-"));
  const parts: Child[] = [];
  try {
    print("Starting a server with a database of its own, and the sample worker …\n");
    const server = await startServerProcess({ DATABASE_FOLDER: join(folder, "db"), LOG_LEVEL: "error" });
    parts.push(server);
    await play(server.url, parts);
    print("\nDone.");
  } finally {
    for (const part of parts) await part.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
