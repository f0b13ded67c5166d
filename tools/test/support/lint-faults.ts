import type { Files } from "./planted-tree.ts";

/** The same change made wrong and made right. */
export interface LintFault {
  name: string;
  /** Name of the rule in the linter's configuration. */
  rule: string;
  wrong: Files;
  right: Files;
}

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join("\n");

const importing = (specifier: string): string =>
  `import { thing } from "${specifier}";\n\nexport const value: unknown = thing;\n`;

const importingType = (specifier: string): string =>
  `import type { Thing } from "${specifier}";\n\nexport type Value = Thing[];\n`;

function forbiddenImport(folder: string, specifier: string, allowed: string): LintFault {
  const path = `${folder}/imports-${specifier.replaceAll(/[^a-z]+/g, "-").replaceAll(/^-|-$/g, "")}.ts`;
  return {
    name: `${folder} imports ${specifier}`,
    rule: "no-restricted-imports",
    wrong: { [path]: importing(specifier) },
    right: { [path]: importing(allowed) },
  };
}

function forbiddenTypeImport(folder: string, specifier: string, allowed: string): LintFault {
  const path = `${folder}/types-${specifier.replaceAll(/[^a-z]+/g, "-").replaceAll(/^-|-$/g, "")}.ts`;
  return {
    name: `${folder} imports a type of ${specifier}`,
    rule: "no-restricted-imports",
    wrong: { [path]: importingType(specifier) },
    right: { [path]: importingType(allowed) },
  };
}

const publishing = `export const tell = (notifier: { publish: (topic: string) => void }): void => notifier.publish("queue");\n`;

const layers: LintFault[] = [
  forbiddenImport("apps/server/src", "drizzle-orm", "@deepbot/db"),
  forbiddenImport("apps/server/src", "drizzle-orm/pg-core", "@deepbot/db"),
  forbiddenImport("apps/server/src", "postgres", "./postgres"),
  forbiddenImport("apps/server/src", "@electric-sql/pglite", "@deepbot/api/server"),
  forbiddenImport("apps/server/src", "@deepbot/testing", "@deepbot/api/server"),
  forbiddenImport("apps/server/src", "@deepbot/db/testing", "@deepbot/db"),
  forbiddenImport("apps/server/src", "vitest", "pino"),
  forbiddenImport("apps/server/test", "drizzle-orm", "@deepbot/testing"),
  forbiddenImport("packages/testing/src", "drizzle-orm", "@deepbot/db/testing"),
  forbiddenImport("packages/contract/src", "@deepbot/db", "zod"),
  forbiddenImport("packages/contract/src", "node:crypto", "./other.ts"),
  forbiddenTypeImport("packages/contract/src/schemas", "@trpc/server", "../limits.ts"),
  forbiddenImport("packages/db/src/statements", "@deepbot/api", "drizzle-orm"),
  forbiddenImport("packages/db/src/statements", "@deepbot/live", "@deepbot/contract"),
  forbiddenImport("packages/db/src/statements", "@trpc/server", "postgres"),
  forbiddenImport("packages/live/src", "@deepbot/api", "@deepbot/db"),
  forbiddenImport("packages/live/src", "@trpc/server", "@deepbot/contract"),
  forbiddenImport("packages/live/src", "drizzle-orm", "./notifier.ts"),
  forbiddenImport("packages/api/src/runs", "drizzle-orm", "@deepbot/db"),
  forbiddenImport("packages/api/src/runs", "@trpc/server", "../app-error.ts"),
  forbiddenImport("packages/api/src/streaming", "@trpc/server/rpc", "../app-error.ts"),
  forbiddenImport("packages/api/src/dialogs", "./procedures.ts", "../app-error.ts"),
  forbiddenImport("packages/api/src/identity", "../trpc.ts", "../app-error.ts"),
  forbiddenTypeImport("packages/api/src/account", "../context.ts", "../use-case-deps.ts"),
  forbiddenTypeImport("packages/api/src/messages", "../log.ts", "../events/events.ts"),
  forbiddenImport("packages/api/src/runs", "@deepbot/testing", "@deepbot/db"),
  {
    name: "a procedure imports @deepbot/db",
    rule: "no-restricted-imports",
    wrong: { "packages/api/src/runs/procedures.ts": importing("@deepbot/db") },
    right: { "packages/api/src/runs/procedures.ts": importing("../trpc.ts") },
  },
  {
    name: "a use case publishes by hand",
    rule: "no-restricted-properties",
    wrong: { "packages/api/src/runs/cancel.ts": publishing },
    right: { "packages/api/src/streaming/deliver.ts": publishing },
  },
  forbiddenImport("apps/ai-bridge/src", "@deepbot/api/server", "@trpc/client"),
  forbiddenTypeImport("apps/ai-bridge/src", "@deepbot/api/server", "@deepbot/api"),
  forbiddenImport("apps/ai-bridge/src", "@deepbot/db", "@trpc/client"),
  forbiddenImport("apps/ai-bridge/test", "@deepbot/db", "@deepbot/testing"),
  forbiddenImport("packages/client/src", "node:crypto", "@trpc/client"),
  forbiddenImport("packages/client/src", "eventsource", "@trpc/client"),
  forbiddenImport("packages/client/src", "@deepbot/db", "@deepbot/contract"),
  forbiddenImport("packages/client/src", "@deepbot/api/server", "@deepbot/contract"),
  forbiddenImport("packages/client/src/node", "@deepbot/db", "node:crypto"),
  forbiddenImport("packages/client/src/node", "@deepbot/api/server", "node:crypto"),
  forbiddenImport("packages/client/src/react", "node:crypto", "ai"),
  forbiddenImport("packages/client/src/worker", "node:crypto", "@trpc/client"),
  forbiddenImport("packages/client/src/cli", "@deepbot/api/server", "node:util"),
  forbiddenImport("apps/web/src", "@deepbot/db", "@trpc/client"),
  forbiddenImport("apps/demo/src", "@deepbot/api/server", "@deepbot/testing"),
  {
    name: "apps/ai-bridge/src imports a value of @deepbot/api",
    rule: "no-restricted-imports",
    wrong: { "apps/ai-bridge/src/value-of-api.ts": importing("@deepbot/api") },
    right: { "apps/ai-bridge/src/value-of-api.ts": importingType("@deepbot/api") },
  },
  {
    name: "packages/client/src imports a value of @deepbot/api",
    rule: "no-restricted-imports",
    wrong: { "packages/client/src/value-of-api.ts": importing("@deepbot/api") },
    right: { "packages/client/src/value-of-api.ts": importingType("@deepbot/api") },
  },
  {
    name: "packages/contract/src loads a package when it runs",
    rule: "no-restricted-imports",
    wrong: { "packages/contract/src/dynamic.ts": `export const value: unknown = await import("pino");\n` },
    right: { "packages/contract/src/dynamic.ts": `export const value: unknown = await import("./other.ts");\n` },
  },
];

const readsEnvironment = `export const home: string | undefined = process.env["HOME"];\n`;
const noEnvironment = `export const home = "/";\n`;

const environment: LintFault[] = [
  "apps/server/src/main.ts",
  "apps/server/src/http/config.ts",
  "apps/ai-bridge/src/main.ts",
  "packages/api/src/config.ts",
  "packages/db/src/open/open.ts",
].map((path) => ({
  name: `${path} reads the environment`,
  rule: "node/no-process-env",
  wrong: { [path]: readsEnvironment },
  right: {
    [path]: noEnvironment,
    "apps/server/src/config.ts": readsEnvironment,
    "apps/ai-bridge/src/config.ts": readsEnvironment,
    "packages/db/src/testing/set-up.ts": readsEnvironment,
    "packages/testing/src/child.ts": readsEnvironment,
    "apps/server/test/support.ts": readsEnvironment,
  },
}));

interface Snippet {
  name: string;
  rule: string;
  wrong: string;
  right: string;
}

const nested = (depth: number): string =>
  depth === 0 ? "return true;" : `if (values[${depth}] === true) {\n${nested(depth - 1)}\n}`;

const withDepth = (depth: number): string =>
  `export function isDeep(values: boolean[]): boolean {\n${nested(depth)}\nreturn false;\n}\n`;

const withLines = (count: number): string =>
  `export function count(): number {\nlet total = 0;\n${lines(count - 4, (index) => `total += ${index};`)}\nreturn total;\n}\n`;

const withParameters = (names: string[]): string =>
  `export function join(${names.map((name) => `${name}: string`).join(", ")}): string {\nreturn ${names.join(" + ")};\n}\n`;

const snippets: Snippet[] = [
  {
    name: "a promise that nobody waits for",
    rule: "typescript/no-floating-promises",
    wrong: "export function go(): void {\nPromise.resolve(1);\n}\n",
    right: "export async function go(): Promise<void> {\nawait Promise.resolve(1);\n}\n",
  },
  {
    name: "a promise taken for a condition",
    rule: "typescript/no-misused-promises",
    wrong: `const isOpen = (): Promise<boolean> => Promise.resolve(true);\nexport const state: string = isOpen() ? "open" : "shut";\n`,
    right: `const isOpen = (): Promise<boolean> => Promise.resolve(true);\nexport const state: string = (await isOpen()) ? "open" : "shut";\n`,
  },
  {
    name: "a switch that leaves a case out",
    rule: "typescript/switch-exhaustiveness-check",
    wrong: `export function isOpen(state: "queued" | "done"): boolean {\nswitch (state) {\ncase "queued":\nreturn true;\n}\nreturn false;\n}\n`,
    right: `export function isOpen(state: "queued" | "done"): boolean {\nswitch (state) {\ncase "queued":\nreturn true;\ncase "done":\nreturn false;\n}\n}\n`,
  },
  {
    name: "any",
    rule: "typescript/no-explicit-any",
    wrong: "export type Loose = Map<string, any>;\n",
    right: "export type Loose = Map<string, unknown>;\n",
  },
  {
    name: "a non-null assertion",
    rule: "typescript/no-non-null-assertion",
    wrong: "export const first = (values: string[]): string => values[0]!;\n",
    right: `export const first = (values: string[]): string => values[0] ?? "";\n`,
  },
  {
    name: "an exported function without a return type",
    rule: "typescript/explicit-module-boundary-types",
    wrong: "export function one() {\nreturn 1;\n}\n",
    right: "const two = () => 2;\n\nexport function one(): number {\nreturn two() - 1;\n}\n",
  },
  {
    name: "a private-looking name",
    rule: "no-underscore-dangle",
    wrong: "export const read = (value: { _secret: number }): number => value._secret;\n",
    right: "export const read = (value: { _def: number }): number => value._def;\n",
  },
  {
    name: "a file of 301 lines",
    rule: "max-lines",
    wrong: lines(301, (index) => `export const value${index} = ${index};`),
    right: `${lines(300, (index) => `export const value${index} = ${index};`)}\n\n// Not counted.\n`,
  },
  {
    name: "a function of 51 lines",
    rule: "max-lines-per-function",
    wrong: withLines(51),
    right: withLines(50),
  },
  {
    name: "four parameters",
    rule: "max-params",
    wrong: withParameters(["a", "b", "c", "d"]),
    right: withParameters(["a", "b", "c"]),
  },
  { name: "blocks four deep", rule: "max-depth", wrong: withDepth(4), right: withDepth(3) },
  {
    name: "sql.raw",
    rule: "no-restricted-properties",
    wrong: "export const read = (sql: { raw: string }): string => sql.raw;\n",
    right: "export const read = (text: { raw: string }): string => text.raw;\n",
  },
  {
    name: "sql.identifier",
    rule: "no-restricted-properties",
    wrong: `export const read = (sql: { identifier: string }): string => sql["identifier"];\n`,
    right: "export const read = (sql: { placeholder: string }): string => sql.placeholder;\n",
  },
];

const inOneFile = snippets.map(({ name, rule, wrong, right }): LintFault => {
  const path = `packages/runtime/src/${name.replaceAll(/[^a-zA-Z0-9]+/g, "-").toLowerCase()}.ts`;
  return { name, rule, wrong: { [path]: wrong }, right: { [path]: right } };
});

const others: LintFault[] = [
  {
    name: "files that import each other",
    rule: "import/no-cycle",
    wrong: {
      "packages/api/src/cycle/one.ts": `import { two } from "./two.ts";\n\nexport const one = (): number => two();\n`,
      "packages/api/src/cycle/two.ts": `import { one } from "./one.ts";\n\nexport const two = (): number => one();\n`,
    },
    right: {
      "packages/api/src/cycle/one.ts": `import { two } from "./two.ts";\n\nexport const one = (): number => two();\n`,
      "packages/api/src/cycle/two.ts": "export const two = (): number => 2;\n",
    },
  },
  {
    name: "a file name in camel case",
    rule: "unicorn/filename-case",
    wrong: { "apps/server/src/requestGuard.ts": noEnvironment },
    right: { "apps/server/src/request-guard.ts": noEnvironment },
  },
  {
    name: "a component's file name outside the web application",
    rule: "unicorn/filename-case",
    wrong: { "apps/server/src/Dialog.tsx": noEnvironment },
    right: { "apps/web/src/Dialog.tsx": noEnvironment },
  },
];

export const lintFaults: LintFault[] = [...layers, ...environment, ...inOneFile, ...others];
