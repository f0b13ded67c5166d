import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBridgeProcess, startServerProcess } from "@deepbot/testing";
import { connect } from "./client.ts";

const limitMs = 90_000;

const questions = ["Hello! My name is Ann.", "What is my name?"];

const print = (line = ""): void => void process.stdout.write(`${line}\n`);

async function talk(serverUrl: string): Promise<void> {
  const client = await connect(serverUrl, AbortSignal.timeout(limitMs));
  const { content } = await client.auth.me.query();
  print(`  signed in as ${content[0]?.given_name ?? "nobody"}`);
  const { dialog } = await client.dialogs.create.mutate({ dialog_name: "Demo" });
  print(`  created dialog ${dialog}`);
  for (const text_user of questions) {
    print(`\n  you  ${text_user}`);
    const startedAt = performance.now();
    const { answer_ai } = await client.messages.send.mutate({ dialog_id: dialog, text_user });
    print(`  bot  ${answer_ai}`);
    print(`       (${Math.round(performance.now() - startedAt)} ms)`);
  }
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "deepbot-demo-"));
  const parts: { stop: () => Promise<unknown> }[] = [];
  try {
    print("Starting a server with a database of its own, and the sample worker …\n");
    const server = await startServerProcess({ DATABASE_FOLDER: join(folder, "db"), LOG_LEVEL: "warn" });
    parts.push(server);
    parts.unshift(startBridgeProcess(server.url));
    await talk(server.url);
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
