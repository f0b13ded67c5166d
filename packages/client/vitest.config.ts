import { defineProject } from "vitest/config";

export default defineProject({
  test: {
    include: ["test/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // No test changes what others of its process see, and most of the time of a new process goes into imports.
    isolate: false,
  },
});
