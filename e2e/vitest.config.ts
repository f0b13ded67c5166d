import { defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "e2e",
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/global-setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Each file has a browser, nginx and two servers of its own: one at a time, and after everything else.
    maxWorkers: 1,
    sequence: { groupOrder: 1 },
  },
});
