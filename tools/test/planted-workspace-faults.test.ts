import { describe, expect, it } from "vitest";
import { plantTree, type Files, type ToolResult } from "./support/planted-tree.ts";
import { dependingOn, workspace } from "./support/planted-workspace.ts";

interface Checker {
  name: string;
  configuration: string[];
  /** Runs the tool on the workspace with `files` added or put in place. */
  args: string[];
  faults: { name: string; files: Files; report: string }[];
}

const checkers: Checker[] = [
  {
    name: "knip",
    configuration: ["knip.jsonc"],
    args: ["--no-config-hints"],
    faults: [
      {
        name: "a file that nothing imports",
        files: { "packages/db/src/orphan.ts": "console.log(1);\n" },
        report: "Unused files (1)\npackages/db/src/orphan.ts",
      },
      {
        name: "an export that nothing imports",
        files: { "packages/db/src/value.ts": "export const value = 1;\nexport const spare = 2;\n" },
        report: "Unused exports (1)\nspare  packages/db/src/value.ts",
      },
      {
        name: "an export of a package that no other package imports",
        files: { "packages/db/src/index.ts": `export { value } from "./value.ts";\nexport const spare = 2;\n` },
        report: "Unused exports (1)\nspare  packages/db/src/index.ts",
      },
      {
        name: "a dependency that nothing imports",
        files: { "apps/ai-bridge/package.json": dependingOn("@deepbot/ai-bridge", { zod: "4.6.7" }) },
        report: "Unused dependencies (1)\nzod  apps/ai-bridge/package.json",
      },
      {
        name: "a version in the catalog that no package uses",
        files: { "pnpm-workspace.yaml": `${workspace["pnpm-workspace.yaml"]}\ncatalog:\n  zod: 4.6.7\n` },
        report: "Unused catalog entries (1)\nzod",
      },
    ],
  },
  {
    name: "sherif",
    configuration: [],
    args: [],
    faults: [
      {
        name: "two versions of one dependency",
        files: {
          "apps/ai-bridge/package.json": dependingOn("@deepbot/ai-bridge", { zod: "4.6.7" }),
          "apps/server/package.json": dependingOn("@deepbot/server", { zod: "4.6.6" }),
        },
        report: "multiple-dependency-versions",
      },
    ],
  },
  {
    name: "turbo",
    configuration: [
      "turbo.json",
      "packages/db/turbo.json",
      "packages/api/turbo.json",
      "apps/server/turbo.json",
      "apps/ai-bridge/turbo.json",
    ],
    args: ["boundaries", "--no-color"],
    faults: [
      {
        name: "an import of an undeclared package",
        files: { "apps/ai-bridge/src/main.ts": `import { value } from "@deepbot/db";\n\nconsole.log(value);\n` },
        report: "cannot import package `@deepbot/db` because it is not a dependency",
      },
      {
        name: "an import of another package's file",
        files: { "apps/server/src/main.ts": `import "../../../packages/db/src/value.ts";\n` },
        report: "leaves the package",
      },
      {
        name: "storage that depends on the contract",
        files: { "packages/db/package.json": dependingOn("@deepbot/db", { "@deepbot/server": "workspace:*" }) },
        report: "Package `@deepbot/server` found without any tag listed in allowlist for `@deepbot/db`",
      },
      {
        name: "a contract that depends on the server",
        files: { "packages/api/package.json": dependingOn("@deepbot/api", { "@deepbot/server": "workspace:*" }) },
        report: "Package `@deepbot/server` found without any tag listed in allowlist for `@deepbot/api`",
      },
      {
        name: "a client that depends on the server",
        files: {
          "apps/ai-bridge/package.json": dependingOn("@deepbot/ai-bridge", { "@deepbot/server": "workspace:*" }),
        },
        report: "Package `@deepbot/server` found without any tag listed in allowlist for `@deepbot/ai-bridge`",
      },
    ],
  },
  {
    name: "oxfmt",
    configuration: [".oxfmtrc.json"],
    args: ["--check", "**/*.ts"],
    faults: [
      {
        name: "single quotes",
        files: { "apps/server/src/main.ts": "console.log('quoted');\n" },
        report: "apps/server/src/main.ts",
      },
      {
        name: "a call that fits one line of 120 characters",
        files: { "apps/server/src/main.ts": `console.log(\n  "${"a".repeat(90)}",\n);\n` },
        report: "apps/server/src/main.ts",
      },
    ],
  },
];

/** Reports break their lines where the terminal would. */
const unwrap = (text: string): string => text.replaceAll(/\s*\n\s*\|?\s*/g, " ");

function check({ name, configuration, args }: Checker, files: Files): ToolResult {
  using tree = plantTree(configuration, { ...workspace, ...files });
  return tree.run(name, args);
}

describe.each(checkers)("$name", (checker) => {
  it.each(checker.faults)("reports: $name", ({ files, report }) => {
    const { exitCode, output } = check(checker, files);
    expect(unwrap(output)).toContain(unwrap(report));
    expect(exitCode).not.toBe(0);
  });

  it("reports nothing when the same is done right", () => {
    const { exitCode, output } = check(checker, {});
    expect(exitCode, output).toBe(0);
  });
});

describe("the types-only contract", () => {
  const folder = "apps/ai-bridge";
  const configuration = ["tsconfig.base.json", `${folder}/tsconfig.json`, `${folder}/package.json`];

  function compile(source: string): ToolResult {
    using tree = plantTree(configuration, { [`${folder}/src/main.ts`]: source });
    tree.link("packages/api", `${folder}/node_modules/@deepbot/api`);
    return tree.run("tsc", ["--project", folder]);
  }

  it("gives its types to a client", () => {
    const result = compile(
      `import type { Inputs } from "@deepbot/api";\n\nexport type Claim = Inputs["worker"]["claim"];\n`,
    );
    expect(result).toMatchObject({ exitCode: 0, output: "" });
  });

  it.each([
    ["a type as a value", `import { Inputs } from "@deepbot/api";\n\nexport type Claim = Inputs;\n`, "TS1484"],
    ["a value", `import { appRouter } from "@deepbot/api";\n\nconsole.log(appRouter);\n`, "TS2724"],
  ])("does not compile where a client imports %s", (_, source, code) => {
    const { exitCode, output } = compile(source);
    expect(output).toContain(code);
    expect(exitCode).not.toBe(0);
  });

  it("is not there when a client runs", () => {
    using tree = plantTree(configuration, { [`${folder}/src/main.ts`]: `import "@deepbot/api";\n` });
    tree.link("packages/api", `${folder}/node_modules/@deepbot/api`);
    const { exitCode, output } = tree.run("node", [`${folder}/src/main.ts`]);
    expect(output).toContain("ERR_PACKAGE_PATH_NOT_EXPORTED");
    expect(exitCode).not.toBe(0);
  });
});
