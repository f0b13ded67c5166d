import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const packageFolder: string = fileURLToPath(new URL("../../../", import.meta.url));
const repositoryRoot = fileURLToPath(new URL("../../../../../", import.meta.url));
const compiler = join(repositoryRoot, "node_modules/.bin/tsc");

const { PATH = "", HOME = "" } = process.env;

/** The PATH of a terminal. That of a package script begins with the repository's own Node, which npm takes for its home. */
const terminalPath = PATH.split(delimiter)
  .filter((folder) => !folder.includes("node_modules"))
  .join(delimiter);

/** Runs a program as somebody at a terminal. @throws with what it printed when it fails */
async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  const env = { PATH: terminalPath, HOME };
  try {
    return (await promisify(execFile)(command, args, { cwd, env, maxBuffer: 16 * 1024 * 1024 })).stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`\`${command} ${args.join(" ")}\` failed:\n${stdout}${stderr}`, { cause: error });
  }
}

interface Manifest {
  packageManager?: string;
  devDependencies?: Record<string, string>;
}

const readManifest = async (folder: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;

/** A project of somebody who installed the package that `pnpm pack` makes. */
export interface StrictProject {
  folder: string;
  /** Manifest of the package as it is installed. */
  manifest: Manifest;
  /** Everything in `node_modules`. */
  installed: string[];
  /** Adds packages in the versions that the package is tested with. */
  add: (...names: string[]) => Promise<void>;
  /** Compiles files strictly, and the declarations of packages too. Returns what the compiler has to say. */
  compile: (files: string[], options: object) => Promise<string>;
  remove: () => Promise<void>;
}

const strict = {
  target: "es2024",
  module: "nodenext",
  strict: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  types: ["node"],
  outDir: "built",
};

async function packInto(folder: string): Promise<string> {
  const { packageManager = "pnpm" } = await readManifest(repositoryRoot);
  await run(packageFolder, "npx", "-y", packageManager, "pack", "--pack-destination", folder);
  const tarball = (await readdir(folder)).find((name) => name.endsWith(".tgz"));
  return join(folder, tarball ?? "");
}

/** Compiles a file of the tests with the types of the repository. Returns what the compiler has to say. */
export async function compileHere(file: string): Promise<string> {
  const options = ["--ignoreConfig", "--noEmit", "--strict", "--exactOptionalPropertyTypes", "--skipLibCheck"];
  const modules = ["--module", "nodenext", "--target", "es2024", "--types", "node", "--allowImportingTsExtensions"];
  return run(packageFolder, compiler, ...options, ...modules, file);
}

/** Packs the package and installs it into an empty project, with `files` of this repository beside it. */
export async function createStrictProject(files: readonly string[]): Promise<StrictProject> {
  const folder = await mkdtemp(join(tmpdir(), "deepbot-project-"));
  const { devDependencies = {} } = await readManifest(packageFolder);
  const versions: Readonly<Record<string, string>> = {
    ...devDependencies,
    "@types/node": process.versions.node.split(".")[0] ?? "",
    "@types/json-schema": "7.0.15",
  };
  const install = async (...packages: string[]): Promise<void> => {
    await run(folder, "npm", "install", "--no-audit", "--no-fund", "--prefer-offline", ...packages);
  };
  const add = (...names: string[]): Promise<void> => install(...names.map((name) => `${name}@${versions[name]}`));

  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "empty", private: true, type: "module" }));
  for (const file of files) await cp(join(repositoryRoot, file), join(folder, file.split("/").at(-1) ?? ""));
  await install(await packInto(folder));
  const manifest = await readManifest(join(folder, "node_modules/@deepbot/client"));
  const installed = (await readdir(join(folder, "node_modules"))).filter((name) => !name.startsWith("."));
  return {
    folder,
    manifest,
    installed,
    add,
    compile: async (names, options) => {
      const config = { compilerOptions: { ...strict, ...options }, files: names };
      const path = join(folder, `${names[0] ?? ""}.tsconfig.json`);
      await writeFile(path, JSON.stringify(config));
      return run(folder, compiler, "--project", path);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
