import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChild } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { requireCommand } from "./support/commands.ts";
import { repositoryRoot, startDevPlatform, terminalPath, type DevPlatform } from "./support/dev-platform.ts";
import { fillIn, readSteps, toScript, type Step } from "./support/walk-through.ts";

const walkThrough = new URL("../curl-walk-through.md", import.meta.url);

/** The blocks of commands in a section of the README. */
async function readSection(title: string): Promise<string[]> {
  const text = await readFile(join(repositoryRoot, "README.md"), "utf8");
  const [section = ""] = (text.split(`\n## ${title}\n`)[1] ?? "").split("\n## ");
  return [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
}

let dev: DevPlatform;

beforeAll(async () => {
  for (const command of ["bash", "curl", "python3"]) await requireCommand(command);
  const [start = ""] = await readSection("Start");
  dev = await startDevPlatform(start);
}, 300_000);

afterAll(() => dev?.stop(), 60_000);

/** Commands of a document, at this platform's port instead of the usual one. Nothing else is changed. */
const atPort = (commands: string): string =>
  commands.replaceAll("http://localhost:8000", dev.serverUrl).replaceAll("run ask ", `run ask --url ${dev.serverUrl} `);

interface Printed {
  code: number | null;
  output: string;
}

/** Runs commands as one who pastes them into a terminal in the repository. */
async function paste(commands: string, env: Record<string, string> = {}): Promise<Printed> {
  const shell = startChild("bash", {
    args: ["-c", `set -euo pipefail\n${commands}`],
    cwd: repositoryRoot,
    env: { ...env, PATH: terminalPath },
  });
  onTestFinished(() => shell.kill());
  return { code: await shell.exited, output: shell.output() };
}

/** A walk starts some hundred processes. */
const timeout = 120_000;

describe("`run dev`", { timeout }, () => {
  it("lets the sample worker answer `run ask` while no other worker is waiting", async () => {
    const [, ask = ""] = await readSection("Connect your AI");
    const { code, output } = await paste(atPort(ask));
    expect(output).not.toContain("Hello from my AI!");
    expect(output.trim()).not.toBe("");
    expect(code, output).toBe(0);
  });

  it("gives the question to the reader's own worker, as “Connect your AI” says", async () => {
    const [claim = "", ask = "", complete = "", ...others] = await readSection("Connect your AI");
    expect(others).toEqual([]);
    const answered = paste(atPort(claim + complete));
    const person = await paste(atPort(ask));
    const worker = await answered;
    expect(person.output).toContain("Hello from my AI!");
    expect(person.code, person.output).toBe(0);
    expect(worker.output).toContain(`"state":"completed"`);
    expect(worker.code, worker.output).toBe(0);
  });
});

/** Runs all steps in one shell. Returns what each printed; a step that fails ends the walk with an error. */
async function walk(steps: readonly Step[]): Promise<string[]> {
  const printed = await mkdtemp(join(tmpdir(), "deepbot-walk-"));
  onTestFinished(() => rm(printed, { recursive: true, force: true }));
  const { code, output } = await paste(toScript(steps), { DEEPBOT_URL: dev.serverUrl, PRINTED: printed });
  const reached = (await readdir(printed)).length;
  if (code !== 0) throw new Error(`The commands at line ${steps[reached - 1]?.line} failed:\n${output}`);
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

describe("the walk-through with curl", { timeout }, () => {
  it("prints under `run dev` what the document says", async () => {
    const steps = readSteps(await readFile(walkThrough, "utf8"));
    const outputs = await walk(steps);

    const actual = steps.map(({ line }, index) => ({ line, prints: readOutput(outputs[index] ?? "") }));
    const expected = steps.map((step, index) => ({
      line: step.line,
      prints: step.expected && fillIn(step.expected.json, actual[index]?.prints),
    }));
    expect(actual).toStrictEqual(expected);
  });

  it("names no path of one machine", async () => {
    expect(await readFile(walkThrough, "utf8")).not.toMatch(/(^|[\s"'=(])\/(tmp|home|root|work|usr|var)\//m);
  });
});

describe("comparing with a document", () => {
  it.each([
    ["the same", { a: [1, { b: null }] }, { a: [1, { b: null }] }],
    ["any value at a placeholder", { a: "…", b: ["…"] }, { a: { deep: 1 }, b: [null] }],
  ])("accepts %s", (_, expected, actual) => {
    expect(actual).toStrictEqual(fillIn(expected, actual));
  });

  it.each([
    ["another value", { a: 1 }, { a: 2 }],
    ["an extra key", { a: "…" }, { a: 1, b: 2 }],
    ["a missing key", { a: 1, b: "…" }, { a: 1 }],
    ["an extra item", ["…"], [1, 2]],
    ["a missing item", [1, "…"], [1]],
    ["a text that only contains the placeholder", { a: "id …" }, { a: "id 7" }],
  ])("rejects %s", (_, expected, actual) => {
    expect(actual).not.toStrictEqual(fillIn(expected, actual));
  });
});
