import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProcessDatabase } from "@deepbot/testing/database";
import { startChild, startServerProcess, testKeys, type ServerProcess } from "@deepbot/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { requireCommand } from "./support/commands.ts";
import { fillIn, readSteps, toScript, type Step } from "./support/walk-through.ts";

const document = new URL("../curl-walk-through.md", import.meta.url);

async function startServer(): Promise<ServerProcess> {
  const database = await createProcessDatabase();
  onTestFinished(() => database.drop());
  const server = await startServerProcess(database.env);
  onTestFinished(() => server.kill());
  return server;
}

/** Runs all steps in one shell. Returns what each printed; a step that fails ends the walk with an error. */
async function walk(steps: readonly Step[], serverUrl: string): Promise<string[]> {
  const printed = await mkdtemp(join(tmpdir(), "deepbot-walk-"));
  onTestFinished(() => rm(printed, { recursive: true, force: true }));
  const shell = startChild("bash", {
    args: ["-c", toScript(steps)],
    env: { DEEPBOT_URL: serverUrl, API_KEY_AI: testKeys.messages, PRINTED: printed },
  });
  onTestFinished(() => shell.kill());
  const code = await shell.exited;
  const reached = (await readdir(printed)).length;
  if (code !== 0) throw new Error(`The commands at line ${steps[reached - 1]?.line} failed:\n${shell.output()}`);
  return Promise.all(steps.map((_, index) => readFile(join(printed, String(index)), "utf8")));
}

/** The JSON that a step printed, or its text when that is none; undefined when it printed nothing. */
function readOutput(output: string): unknown {
  if (output === "") return undefined;
  try {
    return JSON.parse(output);
  } catch {
    return output;
  }
}

describe("the walk-through with curl", () => {
  it("prints what the document says", async () => {
    for (const command of ["bash", "curl", "python3"]) await requireCommand(command);
    const steps = readSteps(await readFile(document, "utf8"));
    const outputs = await walk(steps, (await startServer()).url);

    const actual = steps.map(({ line }, index) => ({ line, prints: readOutput(outputs[index] ?? "") }));
    const expected = steps.map((step, index) => ({
      line: step.line,
      prints: step.expected && fillIn(step.expected.json, actual[index]?.prints),
    }));
    expect(actual).toStrictEqual(expected);
  });

  it("names no path of one machine", async () => {
    expect(await readFile(document, "utf8")).not.toMatch(/(^|[\s"'=(])\/(tmp|home|root|work|usr|var)\//m);
  });
});

describe("comparing with a document", () => {
  it.each([
    ["the same", { a: [1, { b: null }] }, { a: [1, { b: null }] }],
    ["any value at a placeholder", { a: "…", b: ["…"] }, { a: { deep: 1 }, b: [null] }],
  ])("takes %s", (_, expected, actual) => {
    expect(actual).toStrictEqual(fillIn(expected, actual));
  });

  it.each([
    ["another value", { a: 1 }, { a: 2 }],
    ["a key too many", { a: "…" }, { a: 1, b: 2 }],
    ["a key too few", { a: 1, b: "…" }, { a: 1 }],
    ["an item too many", ["…"], [1, 2]],
    ["an item too few", [1, "…"], [1]],
    ["a text that only contains the placeholder", { a: "id …" }, { a: "id 7" }],
  ])("refuses %s", (_, expected, actual) => {
    expect(actual).not.toStrictEqual(fillIn(expected, actual));
  });
});
