import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChild, until, type Child } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { requireCommand } from "./support/commands.ts";
import { repositoryRoot, startDevPlatform, terminalPath, type DevPlatform } from "./support/dev-platform.ts";
import { fillIn, readSteps, toScript, type Step } from "./support/walk-through.ts";

const walkThrough = new URL("../curl-walk-through.md", import.meta.url);

const readRepositoryFile = (path: string): Promise<string> => readFile(join(repositoryRoot, path), "utf8");

/** The blocks of commands in a section of the README, or in a section of a section. */
async function readSection(title: string, subtitle = ""): Promise<string[]> {
  const text = await readRepositoryFile("README.md");
  const [section = ""] = (text.split(`\n## ${title}\n`)[1] ?? "").split("\n## ");
  const parts = section.split(/\n### /);
  const part = parts.find((each) => each.startsWith(`${subtitle}\n`));
  return [...(part ?? "").matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
}

let dev: DevPlatform;
let startedIn = 0;

const secondsSince = (startedAt: number): number => (performance.now() - startedAt) / 1_000;

beforeAll(async () => {
  for (const command of ["bash", "curl", "python3"]) await requireCommand(command);
  const startedAt = performance.now();
  const [start = ""] = await readSection("Start");
  dev = await startDevPlatform(start);
  startedIn = secondsSince(startedAt);
}, 300_000);

afterAll(async () => {
  console.log(newcomersLog.join("\n"));
  await dev?.stop();
}, 60_000);

/** Commands of a document, at this platform's port instead of the usual one. Nothing else is changed. */
const atPort = (commands: string): string =>
  commands.replaceAll("http://localhost:8000", dev.serverUrl).replaceAll("run ask ", `run ask --url ${dev.serverUrl} `);

interface Printed {
  code: number | null;
  output: string;
}

/** Kills a shell and all that it has started, as closing its terminal would. */
function killSession(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** Pastes commands into a terminal in the repository, which is closed at the end of the test. */
function paste(commands: string, env: Record<string, string> = {}): Child {
  const shell = startChild("setsid", {
    args: ["bash", "-c", `set -euo pipefail\n${commands}`],
    cwd: repositoryRoot,
    env: { ...env, PATH: terminalPath },
  });
  onTestFinished(async () => {
    killSession(shell.pid);
    await shell.exited;
  });
  return shell;
}

const untilDone = async (shell: Child): Promise<Printed> => ({ code: await shell.exited, output: shell.output() });

/** A walk starts some hundred processes. */
const timeout = 120_000;

/** The ways of "Connect your AI", with the file that holds the code where the README does not show it. */
const ways = [
  { way: "In Python", prints: "Hello from Python! You wrote: hello" },
  {
    way: "In TypeScript",
    file: "examples/typescript-worker/worker.ts",
    prints: "Hello from TypeScript! You wrote: hello",
  },
  { way: "As a shell script", file: "examples/shell-worker/worker.sh", prints: "I am a shell script without a model." },
];
const byHand = "By hand, with curl";

/** How long it took from the README's first command to the first own answer, and with how much code. */
const newcomersLog = ["From the README to a first own answer:"];

const fiveMinutesInS = 300;

/** Neither comments nor empty lines. */
const countLines = (code: string): number =>
  code.split("\n").filter((line) => line.trim() !== "" && !/^\s*(#|\/\/|\/?\*)/.test(line)).length;

function note(way: string, { startedAt, code }: { startedAt: number; code: string }): void {
  const seconds = startedIn + secondsSince(startedAt);
  newcomersLog.push(`  ${way}: ${seconds.toFixed(1)} s, ${countLines(code)} lines`);
  expect(seconds, way).toBeLessThan(fiveMinutesInS);
}

describe("`run dev`", { timeout }, () => {
  it("lets the sample worker answer `run ask` while no other worker serves the assistant", async () => {
    const [ask = ""] = await readSection("Connect your AI");
    const { code, output } = await untilDone(paste(atPort(ask)));
    for (const { prints } of [...ways, { prints: "Hello from my AI!" }]) expect(output).not.toContain(prints);
    expect(output.trim()).not.toBe("");
    expect(code, output).toBe(0);
  });

  it.each(ways)("gives the question to the reader's own worker: “$way”", async ({ way, file, prints }) => {
    const [ask = ""] = await readSection("Connect your AI");
    const [start = "", ...others] = await readSection("Connect your AI", way);
    expect(others).toEqual([]);

    const startedAt = performance.now();
    const worker = paste(atPort(start), { DEEPBOT_URL: dev.serverUrl });
    await until("the worker is waiting", () => /waiting for questions/i.test(worker.output()), 60_000);
    const person = await untilDone(paste(atPort(ask)));
    expect(person.output, worker.output()).toContain(prints);
    expect(person.code, person.output).toBe(0);
    note(way, { startedAt, code: file === undefined ? start : await readRepositoryFile(file) });
  });

  it(`gives the question to the reader's own worker: “${byHand}”`, async () => {
    const [ask = ""] = await readSection("Connect your AI");
    const [claim = "", complete = "", ...others] = await readSection("Connect your AI", byHand);
    expect(others).toEqual([]);

    const startedAt = performance.now();
    const answered = untilDone(paste(atPort(claim + complete)));
    const person = await untilDone(paste(atPort(ask)));
    const worker = await answered;
    expect(person.output).toContain("Hello from my AI!");
    expect(person.code, person.output).toBe(0);
    expect(worker.output).toContain(`"state":"completed"`);
    expect(worker.code, worker.output).toBe(0);
    note(byHand, { startedAt, code: claim + complete });
  });
});

/** Runs all steps in one shell. Returns what each printed; a step that fails ends the walk with an error. */
async function walk(steps: readonly Step[]): Promise<string[]> {
  const printed = await mkdtemp(join(tmpdir(), "deepbot-walk-"));
  onTestFinished(() => rm(printed, { recursive: true, force: true }));
  const { code, output } = await untilDone(paste(toScript(steps), { DEEPBOT_URL: dev.serverUrl, PRINTED: printed }));
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
