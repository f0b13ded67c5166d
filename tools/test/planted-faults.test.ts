import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { lintFaults } from "./support/lint-faults.ts";
import { plantTree, repositoryRoot, type Files } from "./support/planted-tree.ts";

interface Finding {
  rule: string;
  file: string;
}

const configuration = [".oxlintrc.json", "tsconfig.base.json"];
const project = { "tsconfig.json": `{ "extends": "./tsconfig.base.json", "include": ["packages", "apps"] }` };

/** `typescript(no-floating-promises)` is `typescript/no-floating-promises` in the configuration, `eslint(max-lines)` is `max-lines`. */
function ruleName(code: string): string {
  return code.replace(/^(\S+)\((.+)\)$/, "$1/$2").replace(/^eslint\//, "");
}

function lint(files: Files): Finding[] {
  using tree = plantTree(configuration, { ...project, ...files });
  const { stdout } = tree.run("oxlint", ["--format=json"]);
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] };
  return diagnostics.map(({ code, filename }) => ({ rule: ruleName(code), file: filename }));
}

function configuredRules(): string[] {
  const text = readFileSync(join(repositoryRoot, ".oxlintrc.json"), "utf8").replaceAll(/^\s*\/\/.*$/gm, "");
  const { rules } = JSON.parse(text) as { rules: Record<string, unknown> };
  return Object.keys(rules).filter((rule) => rules[rule] !== "off");
}

describe("the linter", () => {
  let findings: Finding[] = [];

  beforeAll(() => {
    findings = lint(Object.assign({}, ...lintFaults.map((fault) => fault.wrong)) as Files);
  });

  it.each(lintFaults)("reports: $name", ({ rule, wrong }) => {
    const reported = findings.filter(({ file }) => file in wrong).map((finding) => finding.rule);
    expect(new Set(reported)).toEqual(new Set([rule]));
  });

  it("reports nothing when the same is done right", () => {
    expect(lint(Object.assign({}, ...lintFaults.map((fault) => fault.right)) as Files)).toEqual([]);
  });

  it("has a planted fault for each rule of the configuration", () => {
    expect(new Set(lintFaults.map(({ rule }) => rule))).toEqual(new Set(configuredRules()));
  });

  it.each(["typescript/no-such-rule", "no-such-plugin/rule"])("refuses a configuration that names %s", (rule) => {
    using tree = plantTree([], { ".oxlintrc.json": JSON.stringify({ rules: { [rule]: "error" } }) });
    expect(tree.run("oxlint")).toMatchObject({ exitCode: 1, output: expect.stringContaining("not found") });
  });
});
