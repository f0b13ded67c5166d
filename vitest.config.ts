import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname } from "node:path";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { closingLineReporter } from "./tools/closing-line-reporter.ts";

/**
 * One more than processors, because many tests wait for processes that they started. Each worker's test databases take some
 * 20 connections; PostgreSQL allows 100 unless it is told otherwise.
 */
const maxWorkers = Math.min(availableParallelism() + 1, 4);

/** A project named after its folder. Without this it would have Vitest's own number of workers, not the root's. */
function extendProject(configFile: string): TestProjectConfiguration {
  const root = dirname(configFile);
  return { extends: `./${configFile}`, root, test: { name: basename(root), maxWorkers } };
}

export default defineConfig({
  test: {
    projects: [
      {
        // Tests that open neither a database nor a server of ours, of all packages in one set of processes.
        test: {
          name: "unit",
          include: ["{packages,apps}/*/test/unit/**/*.test.ts"],
          isolate: false,
          maxWorkers,
        },
      },
      ...globSync([
        "{packages,apps,clients}/*/vitest.config.ts",
        "{docker,examples,nginx,openapi,tools}/vitest.config.ts",
      ]).map(extendProject),
      "apps/web/vitest.components.config.ts",
      "packages/client/vitest.platform.config.ts",
      "e2e/vitest.config.ts",
    ],
    reporters: ["default", closingLineReporter],
  },
});
