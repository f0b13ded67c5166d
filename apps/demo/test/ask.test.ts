import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  freePort,
  startBridgeProcess,
  startChild,
  startServerProcess,
  type Child,
  type ServerProcess,
} from "@deepbot/testing";
import { beforeAll, expect, test } from "vitest";

const askMain = fileURLToPath(new URL("../src/ask.ts", import.meta.url));

let server: ServerProcess;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "deepbot-ask-"));
  server = await startServerProcess({ DATABASE_FOLDER: join(folder, "db"), LOG_LEVEL: "error" });
  const bridge = startBridgeProcess(server.url);
  return async () => {
    await bridge.stop();
    await server.stop();
    await rm(folder, { recursive: true });
  };
});

const startAsk = (...args: string[]): Child => startChild(process.execPath, { args: [askMain, ...args], env: {} });

test("prints the answer and exits with 0", async () => {
  const ask = startAsk("What is 2+2?", "--url", server.url);
  expect(await ask.exited, ask.output()).toBe(0);
  expect(ask.output()).toMatch(/^2 \+ 2 = 4\n/);
});

test("asks in one dialog, so that the next question has the context of the last", async () => {
  await startAsk("My name is Ada.", "--url", server.url).exited;
  const ask = startAsk("What is my name?", "--url", server.url);
  expect(await ask.exited, ask.output()).toBe(0);
  expect(ask.output()).toMatch(/^Your name is Ada\./);
});

test("exits with 1 and one sentence when no server runs", async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const ask = startAsk("Hello", "--url", url);
  expect(await ask.exited).toBe(1);
  expect(ask.output()).toMatch(new RegExp(`^No Deepbot server responds at ${url}\\. .*\\n$`));
});

test("exits with 1 and the usage without a question", async () => {
  const ask = startAsk();
  expect(await ask.exited).toBe(1);
  expect(ask.output()).toMatch(/^Usage: ask .*\n$/);
});
