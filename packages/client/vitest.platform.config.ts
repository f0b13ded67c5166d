import { defineProject } from "vitest/config";

/** Tests against a real server. */
export default defineProject({
  test: {
    name: "client-platform",
    include: ["test/platform/*.test.ts"],
    globalSetup: ["../db/src/testing/global-setup.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
