import { cpSync } from "node:fs";
import { defineConfig } from "rolldown";

/** These find files of their own beside themselves, so they stay packages. */
const external = ["@electric-sql/pglite", "swagger-ui-dist"];

export default defineConfig({
  input: { "server/main": "src/main.ts", "server/migrate": "src/migrate.ts" },
  platform: "node",
  external,
  output: { dir: "dist", format: "esm", sourcemap: true, cleanDir: true, chunkFileNames: "server/[name]-[hash].js" },
  plugins: [
    {
      name: "copy-migrations",
      writeBundle: () => cpSync("../../packages/db/migrations", "dist/migrations", { recursive: true }),
    },
  ],
});
