import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const repositoryRoot: string = fileURLToPath(new URL("../../..", import.meta.url));

/** Text of each file by its path. */
export type Files = Record<string, string>;

/** A folder outside the repository with copies of its configuration and the files of one test. */
export interface PlantedTree extends Disposable {
  root: string;
  /** Runs one of the repository's tools in the tree. */
  run: (tool: string, args?: string[]) => ToolResult;
  /** Makes a folder of the repository visible under the path of a package's dependency. */
  link: (repositoryPath: string, path: string) => void;
}

export interface ToolResult {
  exitCode: number | null;
  stdout: string;
  /** Both streams, without colours. */
  output: string;
}

const binaries = join(repositoryRoot, "node_modules", ".bin");

/** Copies `configuration` from the repository's root and writes `files`. */
export function plantTree(configuration: string[], files: Files): PlantedTree {
  const folder = mkdtempSync(join(tmpdir(), "deepbot-planted-"));
  // Beside the tree, where modules are found but no tool walks into the link.
  symlinkSync(join(repositoryRoot, "node_modules"), join(folder, "node_modules"));
  const root = join(folder, "tree");
  mkdirSync(root);
  const link: PlantedTree["link"] = (repositoryPath, path) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    symlinkSync(join(repositoryRoot, repositoryPath), join(root, path));
  };
  for (const path of configuration) cpSync(join(repositoryRoot, path), join(root, path));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return {
    root,
    link,
    run: (tool, args = []) => runTool(root, tool, args),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function runTool(folder: string, tool: string, args: string[]): ToolResult {
  const { status, stdout, stderr, error } = spawnSync(join(binaries, tool), args, {
    cwd: folder,
    encoding: "utf8",
    timeout: 30_000,
    env: {
      HOME: folder,
      PATH: [binaries, process.env["PATH"]].join(delimiter),
      NO_COLOR: "1",
      DO_NOT_TRACK: "1",
      TURBO_TELEMETRY_DISABLED: "1",
    },
  });
  if (error !== undefined) throw error;
  return { exitCode: status, stdout, output: stdout + stderr };
}
