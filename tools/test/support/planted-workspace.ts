import type { Files } from "./planted-tree.ts";

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
}

const manifest = (values: Manifest): string => JSON.stringify({ private: true, type: "module", ...values });

/** A package manifest with the dependencies, for planting in place of the one of {@link workspace}. */
export function dependingOn(name: string, dependencies: Record<string, string>): string {
  return manifest({ name, dependencies });
}

/** Three packages and an application whose imports go the right way. */
export const workspace: Files = {
  "package.json": JSON.stringify({ name: "planted", private: true, packageManager: "pnpm@12.21.0" }),
  "pnpm-workspace.yaml": "packages:\n  - packages/*\n  - apps/*\n",
  "packages/db/package.json": JSON.stringify({ name: "@deepbot/db", private: true, exports: "./src/index.ts" }),
  "packages/db/src/index.ts": `export { value } from "./value.ts";\n`,
  "packages/db/src/value.ts": "export const value = 1;\n",
  "packages/api/package.json": JSON.stringify({
    name: "@deepbot/api",
    private: true,
    exports: "./src/server.ts",
    dependencies: { "@deepbot/db": "workspace:*" },
  }),
  "packages/api/src/server.ts": `import { value } from "@deepbot/db";\n\nexport const double = value * 2;\n`,
  "apps/ai-bridge/package.json": manifest({ name: "@deepbot/ai-bridge" }),
  "apps/ai-bridge/src/main.ts": `console.log("bridge");\n`,
  "apps/server/package.json": dependingOn("@deepbot/server", { "@deepbot/api": "workspace:*" }),
  "apps/server/src/main.ts": `import { double } from "@deepbot/api";\n\nconsole.log(double);\n`,
};
