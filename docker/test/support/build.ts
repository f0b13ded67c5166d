import { execFile, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, statSync } from "node:fs";
import { basename, dirname, join, matchesGlob } from "node:path";
import { promisify } from "node:util";
import { readStages, type Instruction } from "./dockerfile.ts";
import { read, repositoryRoot } from "./repository.ts";

/** A built image, as a folder that represents its root. */
export interface Built {
  root: string;
  /** The working folder, below the root. */
  folder: string;
  env: Record<string, string>;
  command: string[];
}

/** Copies the build context: tracked and new files, except those in `.dockerignore`. */
export function writeContext(target: string): void {
  const { stdout } = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
    cwd: repositoryRoot,
    encoding: "utf8",
    maxBuffer: 16 * 1024 * 1024,
  });
  const patterns = read(".dockerignore")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  const isIgnored = (path: string): boolean =>
    patterns.some((pattern) => matchesGlob(path, pattern) || matchesGlob(path, `${pattern}/**`));
  const tracked = stdout.split("\0").filter((path) => path !== "" && existsSync(join(repositoryRoot, path)));
  for (const path of tracked.filter((name) => !isIgnored(name))) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(repositoryRoot, path), join(target, path));
  }
}

async function run(built: Built, command: string): Promise<void> {
  // The command runs on this machine, where an absolute path would leave the stage's folder.
  if (/(?:^|\s)\//.test(command)) throw new Error(`A path that is not the stage's own: ${command}`);
  // The whole environment: the machine may need it to reach its registry.
  const options = { cwd: built.folder, env: { ...process.env, ...built.env }, maxBuffer: 16 * 1024 * 1024 };
  await promisify(execFile)("/bin/sh", ["-c", command], options);
}

function copy(built: Built, text: string, roots: ReadonlyMap<string, string>): void {
  const words = text.split(" ");
  const from = words[0]?.startsWith("--from=") === true ? words.shift()?.slice("--from=".length) : "context";
  const root = roots.get(from ?? "");
  const target = join(built.folder, words.pop() ?? "");
  if (root === undefined) throw new Error(`COPY from an unknown stage: ${text}`);
  mkdirSync(target, { recursive: true });
  for (const word of words) {
    const source = join(root, word);
    if (statSync(source).isDirectory()) cpSync(source, target, { recursive: true, verbatimSymlinks: true });
    else cpSync(source, join(target, basename(source)));
  }
}

async function apply(built: Built, { name, text }: Instruction, roots: ReadonlyMap<string, string>): Promise<void> {
  if (name === "RUN") await run(built, text);
  else if (name === "COPY") copy(built, text, roots);
  else if (name === "WORKDIR") {
    built.folder = join(built.root, text);
    mkdirSync(built.folder, { recursive: true });
  } else if (name === "ENV") {
    for (const [, key = "", value = ""] of text.matchAll(/(\w+)=(\S+)/g)) built.env[key] = value;
  } else if (name === "CMD") built.command = JSON.parse(text) as string[];
}

/**
 * Executes a Dockerfile in folders instead of containers: base images are empty folders, and commands use the machine's
 * Node. Commands must use relative paths.
 *
 * @param work an empty folder
 * @param last the stage to stop at
 */
export async function buildImage(
  dockerfile: string,
  { context, work, last }: { context: string; work: string; last: string },
): Promise<Built> {
  const roots = new Map([["context", context]]);
  const built = new Map<string, Built>();
  for (const stage of readStages(dockerfile)) {
    const base = built.get(stage.base);
    const root = join(work, stage.name);
    mkdirSync(root);
    const own: Built = { root, folder: root, env: { ...base?.env }, command: [] };
    if (base !== undefined) {
      cpSync(base.root, root, { recursive: true, verbatimSymlinks: true });
      own.folder = join(root, base.folder.slice(base.root.length));
    }
    for (const instruction of stage.instructions) await apply(own, instruction, roots);
    roots.set(stage.name, root);
    built.set(stage.name, own);
    if (stage.name === last) return own;
  }
  throw new Error(`${dockerfile} has no stage ${last}.`);
}
