import { defineProject } from "vitest/config";

export default defineProject({
  test: {
    name: "e2e",
    include: ["test/**/*.test.ts"],
    globalSetup: ["../packages/db/src/testing/global-setup.ts", "test/global-setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // It starts a browser, nginx and two servers, so it runs after everything else.
    maxWorkers: 1,
    sequence: { groupOrder: 1 },
  },
});
