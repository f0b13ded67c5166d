import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

const loggerFile = new URL("../src/logger.ts", import.meta.url).href;

/** Runs statements with a logger `log` in a process of its own. @returns the lines that it prints */
function printedBy(statements: string, options: { production: boolean }): string[] {
  const script = `
    import { createLogger } from ${JSON.stringify(loggerFile)};
    const log = createLogger({ module: "server", level: "info", mixin: () => ({ request_id: "r-1" }), ...${JSON.stringify(options)} });
    ${statements}`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  return stdout.trimEnd().split("\n");
}

const lines = [
  { statement: `log.info({}, "m")`, module: "server" },
  { statement: `log.info({ module: "http" }, "m")`, module: "http" },
  { statement: `log.child({ module: "live" }).info("m")`, module: "live" },
  { statement: `log.child({ run_id: 7 }).info("m")`, module: "server" },
];
const statements = lines.map(({ statement }) => statement).join(";");

test("a JSON line names one module: its own, its child logger's or the default", () => {
  const printed = printedBy(statements, { production: true });
  const fields = printed.map((line) => ({ ...(JSON.parse(line) as object), keys: line.match(/"module":/g)?.length }));
  expect(fields).toMatchObject(lines.map(({ module }) => ({ module, keys: 1, request_id: "r-1", msg: "m" })));
});

test("a readable line names the same module as its JSON line", () => {
  const printed = printedBy(statements, { production: false });
  expect(printed.map((line) => line.split(" - ").slice(1))).toEqual(lines.map(({ module }) => ["INFO", module, "m"]));
});

test("a name that holds control characters stays on one readable line", () => {
  const printed = printedBy(String.raw`log.info({}, "worker a\nb\u001b[31m")`, { production: false });
  expect(printed).toHaveLength(1);
  expect(printed[0]).toContain(String.raw`worker a\x0ab\x1b[31m`);
});

test("a name can neither reverse a readable line nor hide a part of it", () => {
  const statement = String.raw`log.info({}, "worker a\u202eb\u2066c\u200bd\u2028e\ufefff\u{e0001}g я 你 👍")`;
  const [line] = printedBy(statement, { production: false });
  expect(line).toContain(String.raw`worker a\u{202e}b\u{2066}c\u{200b}d\u{2028}e\u{feff}f\u{e0001}g я 你 👍`);
});
