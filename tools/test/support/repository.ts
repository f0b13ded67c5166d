import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { repositoryRoot } from "./planted-tree.ts";

export interface Manifest {
  name: string;
  packageManager?: string;
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

export interface WorkspacePackage {
  /** From the root, such as `apps/server`. */
  folder: string;
  manifest: Manifest;
}

export function exists(path: string): boolean {
  return existsSync(join(repositoryRoot, path));
}

export function read(path: string): string {
  return readFileSync(join(repositoryRoot, path), "utf8");
}

/** Files that are tracked, or new and not ignored. */
export function listFiles(): string[] {
  const { stdout, error } = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
    cwd: repositoryRoot,
    encoding: "utf8",
    maxBuffer: 16 * 1024 * 1024,
  });
  if (error !== undefined) throw error;
  return stdout.split("\0").filter((path) => path !== "" && exists(path));
}

/** First groups of all matches. */
export function allMatches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, match = ""]) => match);
}

/**
 * Cells of each row of the Markdown table whose first header is `header`.
 *
 * @throws when the document has no such table
 */
export function readTable(document: string, header: string): string[][] {
  const [, rows] = document.split(new RegExp(`^\\| ${header} \\|.*\\n\\|[-| :]+\\|(?:\\n|$)`, "m"));
  if (rows === undefined) throw new Error(`There is no table whose first column is "${header}".`);
  const [own = ""] = rows.split(/^(?!\|)/m);
  const lines = own.split("\n").filter((line) => line.startsWith("|"));
  return lines.map((line) =>
    line
      .replaceAll(/^\||\|\s*$/g, "")
      .split("|")
      .map((cell) => cell.trim()),
  );
}

function readManifest(path: string): Manifest {
  return JSON.parse(read(path)) as Manifest;
}

export const rootManifest: Manifest = readManifest("package.json");

export const workspacePackages: WorkspacePackage[] = listFiles()
  .filter((path) => basename(path) === "package.json" && path !== "package.json")
  .map((path) => ({ folder: dirname(path), manifest: readManifest(path) }));
