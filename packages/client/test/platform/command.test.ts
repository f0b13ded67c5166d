import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { limits } from "@deepbot/contract";
import { startChild, testKeys, until, type Child } from "@deepbot/testing";
import { expect, onTestFinished, test } from "vitest";
import { newAsker, usePlatform } from "./support/platform.ts";

const server = usePlatform({ RETRY_BACKOFF_MS: "0", CANCEL_GRACE_MS: "600000" });

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

function startCommand(args: string[], env: Record<string, string>): Child {
  const child = startChild(process.execPath, { args: [main, ...args], env });
  onTestFinished(() => child.kill());
  return child;
}

function answerBy(command: string, ...args: string[]): Child {
  const env = { DEEPBOT_URL: server().url, DEEPBOT_KEY: testKeys.messages };
  return startCommand(["worker", "--exec", command, ...args], env);
}

/** A folder for what a command leaves behind. */
async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "deepbot-command-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const readWhenThere = (path: string): Promise<string> =>
  until(`${path} is written`, () => readFile(path, "utf8").catch(() => undefined));

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Prints a piece, leaves its pid in a file, and goes on for ever; on SIGTERM it leaves another file. */
const endless = (folder: string): string =>
  `trap 'touch ${folder}/terminated; exit 0' TERM; printf 'Well, '; echo $$ > ${folder}/pid; while :; do sleep 0.05; done`;

test("gives a command the question as JSON, and streams what it prints", async () => {
  const folder = await createFolder();
  const script = join(folder, "answer.sh");
  await writeFile(
    script,
    `#!/bin/sh\necho "key:$DEEPBOT_KEY" > ${folder}/key\ncat > ${folder}/question\nprintf 'Hello, '\nwhile [ ! -e ${folder}/go ]; do sleep 0.05; done\nprintf 'world'\n`,
    {
      mode: 0o755,
    },
  );
  answerBy(script);
  const asker = await newAsker(server());
  const run = await asker.ask("Who is there?");

  await until("the first piece is streamed", async () => {
    const { text } = await asker.client.runs.get.query({ run_id: run.run_id });
    return text === "Hello, ";
  });
  const question: unknown = JSON.parse(await readWhenThere(join(folder, "question")));
  expect(question).toMatchObject({
    run_id: run.run_id,
    question: "Who is there?",
    messages: [{ role: "user", content: "Who is there?" }],
  });
  expect(question).not.toHaveProperty("lease_token");
  expect(await readFile(join(folder, "key"), "utf8")).toBe("key:\n");
  await writeFile(join(folder, "go"), "");
  expect((await asker.reaches(run, "completed")).answer?.content).toBe("Hello, world");
});

test.each([
  [
    "its last line of standard error",
    "echo first >&2; echo 'The library is closed.' >&2; exit 3",
    "The library is closed.",
  ],
  ["its status when it says nothing", "exit 3", "The command ended with status 3."],
])("a command that fails is a failed run with %s", async (_name, command, message) => {
  answerBy(command);
  const asker = await newAsker(server());
  const run = await asker.reaches(await asker.ask("Why?"), "failed");
  expect(run.error).toEqual({ code: "command_failed", message });
  expect(run.attempt).toBe(1);
});

test("a command that a signal ends is tried again", async () => {
  const folder = await createFolder();
  answerBy(`[ -e ${folder}/second ] && echo Better. || { touch ${folder}/second; kill -9 $$; }`);
  const asker = await newAsker(server());
  const run = await asker.reaches(await asker.ask("Again?"), "completed");
  expect(run).toMatchObject({ attempt: 2, answer: { content: "Better.\n" } });
});

test("a command that prints without end is stopped at the limit of answers", async () => {
  const folder = await createFolder();
  answerBy(`echo $$ > ${folder}/pid; yes; true`);
  const asker = await newAsker(server());
  const run = await asker.reaches(await asker.ask("Talk"), "completed");
  expect(Buffer.byteLength(run.answer?.content ?? "")).toBe(limits.answerMaxBytes);
  const pid = Number(await readWhenThere(join(folder, "pid")));
  await until("the command has ended", () => !isAlive(pid));
});

test("a command gets SIGTERM when the person stops the answer", async () => {
  const folder = await createFolder();
  answerBy(endless(folder));
  const asker = await newAsker(server());
  const run = await asker.ask("Never mind");
  await readWhenThere(join(folder, "pid"));
  await asker.client.runs.cancel.mutate({ run_id: run.run_id });
  await readWhenThere(join(folder, "terminated"));
  expect((await asker.reaches(run, "cancelled")).answer?.content).toBe("Well, ");
});

test("a command that ignores SIGTERM is killed", async () => {
  const folder = await createFolder();
  answerBy(`trap '' TERM; echo $$ > ${folder}/pid; while :; do sleep 0.05; done`);
  const asker = await newAsker(server());
  const run = await asker.ask("Never mind");
  const pid = Number(await readWhenThere(join(folder, "pid")));
  await asker.client.runs.cancel.mutate({ run_id: run.run_id });
  expect((await asker.reaches(run, "cancelled")).answer).toBeNull();
  await until("the command has ended", () => !isAlive(pid));
});

test("SIGTERM ends the command after the grace period and gives the run back", async () => {
  const folder = await createFolder();
  const worker = answerBy(endless(folder));
  const asker = await newAsker(server());
  const run = await asker.ask("Who answers?");
  await readWhenThere(join(folder, "pid"));
  expect(await worker.stop()).toBe(0);
  await readWhenThere(join(folder, "terminated"));
  answerBy("echo Me.");
  expect(await asker.reaches(run, "completed")).toMatchObject({ attempt: 1, answer: { content: "Me.\n" } });
});

test("a run whose worker is killed goes to another one", async () => {
  const folder = await createFolder();
  const worker = answerBy(`echo $$ > ${folder}/pid; exec sleep 600`);
  const asker = await newAsker(server());
  const run = await asker.ask("Still there?");
  const pid = Number(await readWhenThere(join(folder, "pid")));
  await worker.kill();
  onTestFinished(() => void (isAlive(pid) && process.kill(pid, "SIGKILL")));
  answerBy("echo Here.");
  expect((await asker.reaches(run, "completed")).answer?.content).toBe("Here.\n");
});

test("explains what is wrong with its arguments", async () => {
  const command = startCommand(["worker", "--exec", "true"], { DEEPBOT_URL: "nowhere", DEEPBOT_KEY: "key" });
  expect(await command.exited).toBe(2);
  expect(command.output()).toContain("url must be the origin of the platform");
  expect(command.output()).toContain("Usage: deepbot worker");
});
