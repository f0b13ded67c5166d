import { globSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { errorMessage, isErrorCode, statusOf, type ErrorCode } from "../../packages/contract/src/errors.ts";
import { statusTitles } from "../../packages/contract/src/status-titles.ts";
import { repositoryRoot } from "./support/planted-tree.ts";
import {
  allMatches,
  exists,
  listFiles,
  read,
  readTable,
  rootManifest,
  workspacePackages,
} from "./support/repository.ts";

const files = listFiles();
const documents = files.filter((path) => path.endsWith(".md"));

/** First cells of the table whose header begins with `header`; none when there is no such table. */
const readFirstColumn = (text: string, header: string): string[] =>
  text.includes(`\n| ${header} |`) ? readTable(text, header).map(([cell = ""]) => cell) : [];

const codeIn = (text: string): string[] => allMatches(text.replaceAll(/^```.*?^```/gms, ""), /`([^`\n]+)`/g);

/** Text of everything that is no document and no test of the repository. */
const sources = files
  .filter((path) => !/\.(?:md|webp|png|ico|woff2)$/.test(path) && !path.startsWith("tools/test/"))
  .map(read)
  .join("\n");

describe.each(documents)("%s", (document) => {
  const text = read(document);
  const scripts = new Set(
    [rootManifest, ...workspacePackages.map(({ manifest }) => manifest)].flatMap(({ scripts: own }) =>
      Object.keys(own ?? {}),
    ),
  );

  it("names scripts that exist", () => {
    const named = allMatches(text, /\bpnpm(?:@\S+)?(?: --filter \S+)? run ([\w:-]+)/g);
    expect(named.filter((name) => !scripts.has(name))).toEqual([]);
  });

  it("names the package manager's version that the repository pins", () => {
    const versions = allMatches(text, /\b(pnpm@[\d.]+\d)/g);
    expect(versions.filter((version) => version !== rootManifest.packageManager)).toEqual([]);
  });

  it.skipIf(document === "CHANGELOG.md")("names settings and constants that exist", () => {
    const named = allMatches(text, /`([A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9])`/g);
    expect(named.filter((name) => !sources.includes(name))).toEqual([]);
  });

  it("names paths that exist", () => {
    const named = allMatches(
      text,
      /`((?:packages|apps|clients|examples|faults|patches|tools|bench|nginx|docker|docs|e2e)\/[^`\s]*)`/g,
    );
    const missing = named.filter((path) => globSync(path, { cwd: repositoryRoot }).length === 0);
    expect(missing).toEqual([]);
  });

  it("links to files that exist", () => {
    const linked = allMatches(text, /\]\((?!https?:)([^)#\s]+)/g).map((link) => join(dirname(document), link));
    const images = allMatches(text, /<img src="([^"]+)"/g).map((link) => join(dirname(document), link));
    expect([...linked, ...images].filter((path) => !exists(path))).toEqual([]);
  });
});

describe("docs/decisions", () => {
  const decisions = documents.filter((path) => /^docs\/decisions\/\d/.test(path)).toSorted();

  it("numbers its decisions without gaps", () => {
    const expected = decisions.map((_, index) => String(index + 1).padStart(4, "0"));
    expect(decisions.map((path) => basename(path).slice(0, 4))).toEqual(expected);
  });

  it.each(decisions)("%s gives status, context, decision and consequences in this order", (path) => {
    expect(read(path)).toMatch(new RegExp(`^# ${basename(path).slice(0, 4)} `));
    expect(allMatches(read(path), /^\*\*(\w+)[:.]\*\*/gm)).toEqual(["Status", "Context", "Decision", "Consequences"]);
  });
});

describe("README.md", () => {
  const text = exists("README.md") ? read("README.md") : "";

  it("lists commands that exist", () => {
    const named = readFirstColumn(text, "command").flatMap(codeIn);
    expect(named).not.toEqual([]);
    expect(named.filter((name) => rootManifest.scripts?.[name] === undefined)).toEqual([]);
  });

  it("shows an error body as the catalogue has it", () => {
    const [, json = ""] = /^```json\n([\s\S]*?)^```$/m.exec(text) ?? [];
    const shown = JSON.parse(json) as { code: string; status: number; title: string; detail: string };
    expect(shown.code).toSatisfy(isErrorCode);
    const code = shown.code as ErrorCode;
    const status = statusOf(code);
    expect(shown).toMatchObject({ status, title: statusTitles[status], detail: errorMessage(code, "en") });
  });
});

describe("ARCHITECTURE.md", () => {
  it("names a test for every promise of the README", () => {
    const [, promised = ""] = read("README.md").split("## What is promised\n");
    const promises = allMatches(promised.split("\n## ")[0] ?? "", /^(\d+)\. /gm);
    expect(promises).not.toEqual([]);
    const proven = readFirstColumn(read("ARCHITECTURE.md"), "promise").map((cell) => cell.trim());
    expect(proven).toEqual(promises);
  });
});

describe.each([
  { document: "README.md", folder: "apps/server" },
  { document: "apps/ai-bridge/README.md", folder: "apps/ai-bridge" },
])("the settings in $document", ({ document, folder }) => {
  const documented = new Set(exists(document) ? readFirstColumn(read(document), "name").flatMap(codeIn) : []);
  const ownSources = files.filter((path) => path.startsWith(`${folder}/src/config`)).map(read);

  it.skipIf(!exists(document))("are those that the code reads", () => {
    const known = new Set(ownSources.flatMap((source) => allMatches(source, /\b([A-Z][A-Z0-9_]{3,})\b/g)));
    expect([...documented].filter((name) => !known.has(name))).toEqual([]);
  });

  it.skipIf(!exists(document))("are all that the code reads", () => {
    const parsed = ownSources.flatMap((source) => allMatches(source, /^ {2}([A-Z][A-Z0-9_]+): (?!")/gm));
    expect(parsed.filter((name) => !documented.has(name))).toEqual([]);
  });
});

describe.each([".env.example", ".env.production.example"])("%s", (path) => {
  it.skipIf(!exists(path))("sets names that the documents explain", () => {
    const explained = new Set(documents.flatMap((document) => codeIn(read(document))));
    const named = allMatches(read(path), /^(?:# )?([A-Z][A-Z0-9_]*)=/gm);
    expect(named).not.toEqual([]);
    expect(named.filter((name) => !explained.has(name))).toEqual([]);
  });
});

/** Scripts that one package has and no other could have. */
const ownScripts: Record<string, string[]> = { e2e: ["measure", "screenshots"], "packages/client": ["prepack"] };

describe.each(workspacePackages)("$folder", ({ folder, manifest }) => {
  const { scripts = {}, dependencies = {}, devDependencies = {} } = manifest;

  it("uses the names of scripts that all packages use", () => {
    const shared = new Set([
      "bench",
      "build",
      "demo",
      "dev",
      "start",
      "test",
      "typecheck",
      ...(ownScripts[folder] ?? []),
    ]);
    expect(Object.keys(scripts).filter((name) => !shared.has(name) && !/^[a-z]+:[a-z]+$/.test(name))).toEqual([]);
    expect(scripts["typecheck"]).toBe("tsc --noEmit");
    const root = relative(folder, ".");
    const test = `vitest run --root ${root} ${folder}/`;
    expect(scripts["test"]).toBe(exists(`${folder}/vitest.config.ts`) ? test : undefined);
  });

  it("depends on the packages that it may import", () => {
    const arrows: Record<string, string[]> = {
      "packages/contract": [],
      "packages/runtime": [],
      "packages/db": ["@deepbot/contract"],
      "packages/testing": ["@deepbot/contract", "@deepbot/db"],
      "packages/live": ["@deepbot/contract", "@deepbot/db"],
      "packages/api": ["@deepbot/contract", "@deepbot/db", "@deepbot/live"],
      "packages/client": ["@deepbot/contract", "@deepbot/api"],
      "apps/server": ["@deepbot/contract", "@deepbot/db", "@deepbot/live", "@deepbot/api", "@deepbot/runtime"],
      "apps/ai-bridge": ["@deepbot/contract", "@deepbot/client", "@deepbot/api", "@deepbot/runtime"],
      "apps/web": ["@deepbot/contract", "@deepbot/client", "@deepbot/api"],
      "apps/demo": ["@deepbot/contract", "@deepbot/client", "@deepbot/api", "@deepbot/testing"],
      bench: ["@deepbot/contract", "@deepbot/client", "@deepbot/db", "@deepbot/testing"],
      "clients/python": [],
      docker: [],
      e2e: ["@deepbot/contract", "@deepbot/client"],
      examples: [],
      faults: ["@deepbot/contract", "@deepbot/client", "@deepbot/db", "@deepbot/testing"],
      nginx: ["@deepbot/contract"],
    };
    const own = Object.keys(dependencies).filter((name) => name.startsWith("@deepbot/"));
    expect(arrows[folder]).toEqual(expect.arrayContaining(own));
    const forTests = Object.keys(devDependencies).filter((name) => name.startsWith("@deepbot/"));
    // The client's package brings what it needs along in its bundle.
    const bundled = folder === "packages/client" ? (arrows[folder] ?? []) : [];
    expect(["@deepbot/client", "@deepbot/contract", "@deepbot/testing", "@deepbot/db", ...bundled]).toEqual(
      expect.arrayContaining(forTests),
    );
  });
});

describe("the contract's entry", () => {
  it("is made of types alone", () => {
    expect(stripTypeScriptTypes(read("packages/api/src/index.ts")).trim()).toBe("");
  });
});

describe("text in the repository", () => {
  const machinePaths =
    /(?<![\w.])\/(?:home\/(?!node\b)\w|Users\/\w|root\/\w|work\/(?:main|shared)\b)|\b[A-Z]:\\Users\b/;
  const registries = /\bregistry\.(?:npmjs|yarnpkg|npmmirror)\.\w+|\bnpm\.pkg\.\w+|\b(?:deb|ftp)\.debian\.org/;

  it.each([
    ["paths of somebody's machine", machinePaths],
    ["hosts of a package registry", registries],
  ])("names no %s", (_, pattern) => {
    const guilty = files.filter((path) => path !== "pnpm-lock.yaml" && pattern.test(read(path)));
    expect(guilty).toEqual([]);
  });
});
