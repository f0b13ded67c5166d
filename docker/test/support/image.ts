import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asNobody, startChild, type Child } from "@deepbot/testing";
import { buildImage, writeContext, type Built } from "./build.ts";
import { repositoryRoot } from "./repository.ts";

/** The image of a program, which can be started as a container would start it. */
export interface Image {
  built: Built;
  /** Runs a command in the working folder as a user who owns nothing there. */
  run: (command: readonly string[], env: Record<string, string>) => Child;
  /** Folder with the secrets of `docker/make-secrets.sh`. */
  secrets: string;
  remove: () => void;
}

async function makeSecrets(work: string): Promise<string> {
  const made = join(work, "made");
  const child = startChild(join(repositoryRoot, "docker/make-secrets.sh"), { args: [made], env: {} });
  if ((await child.exited) !== 0) throw new Error(child.output());
  // Containers mount the files without the private folder.
  const mounted = join(work, "secrets");
  mkdirSync(mounted);
  for (const name of readdirSync(made)) copyFileSync(join(made, name), join(mounted, name));
  return mounted;
}

function withdrawWriting(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o555 : 0o444);
  }
  chmodSync(folder, 0o555);
}

/** Builds the image of an app and makes it read-only. */
export async function makeImage(app: string): Promise<Image> {
  const work = mkdtempSync(join(tmpdir(), "deepbot-image-"));
  chmodSync(work, 0o755);
  const context = join(work, "context");
  writeContext(context);
  const built = await buildImage(`docker/${app}.Dockerfile`, { context, work, last: "image" });
  for (const stage of ["context", "pruned", "built"]) rmSync(join(work, stage), { recursive: true });
  withdrawWriting(built.folder);
  // Stands in for the base image's Node. The machine's may be in a folder that other users cannot read.
  const bin = join(work, "bin");
  mkdirSync(bin);
  cpSync(process.execPath, join(bin, "node"));
  return {
    built,
    secrets: await makeSecrets(work),
    run: (command, env) => {
      const [program = "", ...args] = asNobody(command);
      const path = `${bin}:${process.env["PATH"] ?? ""}`;
      return startChild(program, {
        args,
        cwd: built.folder,
        env: { ...built.env, ...env, PATH: path, HOME: "/nonexistent" },
      });
    },
    remove: () => rmSync(work, { recursive: true, force: true }),
  };
}
