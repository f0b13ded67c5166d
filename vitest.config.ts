import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: ["packages/*", "apps/*", "examples", "tools"],
    maxWorkers: 2,
    globalSetup: ["./packages/db/src/testing/global-setup.ts"],
  },
});
