import { fileURLToPath } from "node:url";
import { startChild } from "@deepbot/testing";
import { expect, it } from "vitest";

const demoMain = fileURLToPath(new URL("../src/main.ts", import.meta.url));

it("plays the main job: two answers, a cancel, and a second worker that takes over", async () => {
  const demo = startChild(process.execPath, { args: [demoMain], env: {} });
  expect(await demo.exited, demo.output()).toBe(0);
  expect(demo.output()).toContain("signed in as Ann");
  expect(demo.output().match(/^ {2}bot {2}\S.*\n {7}\(\d+ ms\)$/gm)).toHaveLength(2);
  // After a cancel the worker gives the run back, which costs no attempt.
  expect(demo.output()).toContain("(cancelled, attempt 0)");
  expect(demo.output()).toContain("another worker starts over");
  expect(demo.output()).toContain("(completed, attempt 2)");
});

it("exits with 1 and the reason when its server does not start", async () => {
  const demo = startChild(process.execPath, { args: [demoMain], env: { TMPDIR: "/nonexistent" } });
  expect(await demo.exited).toBe(1);
  expect(demo.output()).toMatch(/The demo failed: .*nonexistent/);
});
