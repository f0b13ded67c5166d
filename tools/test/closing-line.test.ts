import { describe, expect, it } from "vitest";
import { missingPostgres } from "../../packages/db/src/testing/engines.ts";
import { plantTree, type Files } from "./support/planted-tree.ts";

const config = `
import { defineConfig } from "vitest/config";
import { closingLineReporter } from "./tools/closing-line-reporter.ts";

export default defineConfig({
  test: { include: ["*.test.ts"], reporters: ["default", closingLineReporter] },
});
`;

const passing = `import { expect, it } from "vitest";\nit("passes", () => expect(1).toBe(1));\n`;
const failing = `import { expect, it } from "vitest";\nit("fails", () => expect(1).toBe(2));\n`;
const skipping = `
import { describe, expect, it } from "vitest";
describe.skip("a run (PostgreSQL): ${missingPostgres}", () => {
  it("waits", () => expect(1).toBe(1));
  it("ends", () => expect(1).toBe(1));
  describe("under load", () => it("lives", () => expect(1).toBe(1)));
});
it.skip("later", () => expect(1).toBe(1));
describe.skip("pages: needs nginx, Chromium", () => it("open", () => expect(1).toBe(1)));
`;

function runVitest(files: Files): { exitCode: number | null; lines: string[] } {
  using tree = plantTree(["tools/closing-line-reporter.ts"], { ...files, "vitest.config.ts": config });
  const { exitCode, stdout } = tree.run("vitest", ["run"]);
  return { exitCode, lines: stdout.trimEnd().split("\n") };
}

describe("the closing line", () => {
  it.each([
    { name: "passes", files: { "a.test.ts": passing, "b.test.ts": passing }, exitCode: 0, line: "2 passed, 0 failed" },
    { name: "fails", files: { "a.test.ts": passing, "b.test.ts": failing }, exitCode: 1, line: "1 passed, 1 failed" },
    {
      name: "breaks before its first test",
      files: { "a.test.ts": passing, "b.test.ts": `throw new Error("broken");\n` },
      exitCode: 1,
      line: "1 passed, 1 failed",
    },
    {
      name: "leaves an error behind",
      files: { "a.test.ts": `${passing}void Promise.reject(new Error("late"));\n` },
      exitCode: 1,
      line: "1 passed, 1 failed",
    },
  ])("counts a run that $name", ({ files, exitCode, line }) => {
    const result = runVitest(files);
    expect(result.lines.at(-1)).toBe(line);
    expect(result.exitCode).toBe(exitCode);
  });

  it("follows the names of suites that were left out for want of something", () => {
    const { lines } = runVitest({ "a.test.ts": passing, "b.test.ts": skipping });
    expect(lines.slice(-5)).toEqual([
      "Skipped, because something is not there:",
      `  a run (PostgreSQL): ${missingPostgres}`,
      "  pages: needs nginx, Chromium",
      "",
      "1 passed, 0 failed, 5 skipped",
    ]);
  });
});
