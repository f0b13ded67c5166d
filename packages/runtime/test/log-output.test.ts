import { spawn, spawnSync, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";

const entry = new URL("../src/index.ts", import.meta.url).href;
const lineCount = 60_000;

/** A program with a logger `log` in production, its `output`, and what it does with them. */
const programOf = (statements: string): string[] => [
  "--input-type=module",
  "--eval",
  `import { createLogger, openLogOutput } from ${JSON.stringify(entry)};
  const output = openLogOutput();
  const log = createLogger({ module: "test", production: true, level: "info", output });
  const say = (what) => process.stderr.write(what + "\\n");
  ${statements}`,
];

/** Writes more than the buffer and a pipe can hold, then waits until its input ends. */
const flood = `
  for (let index = 0; index < ${lineCount}; index += 1) {
    log.info({ padding: "x".repeat(100) }, "m");
    if (index % 1000 === 0) await new Promise(setImmediate);
  }
  say(output.dropped());
  process.stdin.resume().on("end", async () => {
    await output.flush();
    process.exit(3);
  });`;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Starts the flood without reading what it logs. @returns how many lines it lost, once it has written all */
async function startFlood(): Promise<{ child: Child; lost: number }> {
  const child = spawn(process.execPath, programOf(flood), { stdio: ["pipe", "pipe", "pipe"] });
  const [said] = (await once(child.stderr, "data")) as [Buffer];
  return { child, lost: Number(said.toString()) };
}

describe("while nobody reads its log, a program", () => {
  test("goes on, keeps what fits, and says later how much was lost", async () => {
    const { child, lost } = await startFlood();
    expect(lost).toBeGreaterThan(1_000);
    const reading = text(child.stdout);
    const notice = new Promise<void>((resolve) => {
      child.stdout.on("data", (chunk: Buffer) => chunk.includes("log_lines_dropped") && resolve());
    });
    await notice;
    child.stdin.end();
    const lines = (await reading)
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.filter(({ event }) => event === "log_lines_dropped")).toMatchObject([{ level: 40, count: lost }]);
    expect(lines).toHaveLength(lineCount - lost + 1);
  });

  test("still ends", async () => {
    const { child } = await startFlood();
    child.stdin.end();
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(3);
  });
});

test("what is logged before a program ends abruptly is written", () => {
  const statements = `
    for (let index = 0; index < 1000; index += 1) log.info({}, "m");
    log.fatal({}, "last words");
    process.exit(1);`;
  const { stdout } = spawnSync(process.execPath, programOf(statements), { encoding: "utf8" });
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(1_001);
  expect(lines.at(-1)).toContain("last words");
});
