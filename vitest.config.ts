import { defineConfig } from "vitest/config";
import { closingLineReporter } from "./tools/closing-line-reporter.ts";

export default defineConfig({
  test: {
    projects: ["{packages,apps}/*/vitest.config.ts", "{docker,e2e,examples,nginx,tools}/vitest.config.ts"],
    maxWorkers: 2,
    // Set up by the root, once for all projects: they inherit what it provides.
    globalSetup: ["./packages/db/src/testing/global-setup.ts"],
    reporters: ["default", closingLineReporter],
  },
});
