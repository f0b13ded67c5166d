import { defineProject } from "vitest/config";

export default defineProject({
  test: { name: "docker", include: ["test/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 240_000 },
});
