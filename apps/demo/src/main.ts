import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "@deepbot/client";
import type { WireRun } from "@deepbot/contract";
import { startBridgeProcess, startServerProcess, type Child } from "@deepbot/testing";
import { showAnswer } from "./show-answer.ts";
import { signIn } from "./sign-in.ts";

const limitMs = 90_000;

/** Short, so that another worker soon takes over. */
const leaseMs = "2000";

const questions = ["Hello! My name is Ann.", "What is my name?"];

/** After this many words the person stops the answer, or the worker is killed. */
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

interface Question {
  dialogId: number;
  text: string;
  /** Called once, in the middle of the answer. */
  onEnough: (runId: number) => void;
  signal: AbortSignal;
}

/** Asks and shows the answer while it grows. */
async function ask(client: Client, { dialogId, text, onEnough, signal }: Question): Promise<WireRun> {
  print(`\n  you  ${text}`);
  write("  bot  ");
  const { run_id: runId } = await client.runs.start.mutate({ dialog_id: dialogId, text_user: text });
  let isEnough = false;
  const run = await showAnswer(client, runId, {
    write: (piece) => write(piece.replaceAll(/\n+/g, " ")),
    onRestart: () => write("\n       … another worker starts over:\n       "),
    onText: (answer) => {
      if (isEnough || answer.split(/\s+/).length < enoughWords) return;
      isEnough = true;
      onEnough(runId);
    },
    signal,
  });
  print(`\n       (${run.state}, attempt ${run.attempt})`);
  return run;
}

function expectState(run: WireRun, state: WireRun["state"]): void {
  if (run.state !== state) throw new Error(`Run ${run.run_id} should be ${state}, but is ${run.state}.`);
}

async function play(serverUrl: string, parts: Child[]): Promise<void> {
  const first = startWorker(serverUrl);
  parts.unshift(first);
  const signal = AbortSignal.timeout(limitMs);
  const client = await signIn(serverUrl, { person: { sub: "ann", givenName: "Ann" }, signal });
  const { content } = await client.auth.me.query();
  print(`  signed in as ${content[0]?.given_name ?? "nobody"}`);
  const { dialog: dialogId } = await client.dialogs.create.mutate({ dialog_name: "Demo" });
  print(`  created dialog ${dialogId}`);
  await talk(client, dialogId);

  print("\nThe next answer is streamed, and stopped half-way:");
  const cancel = (run_id: number): void => void client.runs.cancel.mutate({ run_id });
  const stopped = { dialogId, text: "How many questions did I ask?", onEnough: cancel, signal };
  expectState(await ask(client, stopped), "cancelled");

  print("\nNow the worker is killed in the middle of its answer, and another takes over:");
  const replace = (): void => {
    first.signal("SIGKILL");
    parts.unshift(startWorker(serverUrl));
  };
  const resumed = { dialogId, text: "What did I say first?", onEnough: replace, signal };
  expectState(await ask(client, resumed), "completed");
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "deepbot-demo-"));
  const parts: Child[] = [];
  try {
    print("Starting a server with a database of its own, and the bundled worker …\n");
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
