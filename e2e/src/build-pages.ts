import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { startChild } from "@deepbot/testing";

const web = fileURLToPath(new URL("../../apps/web/", import.meta.url));

/** Builds the pages into a folder, as the `build` script does. @throws with Vite's output if the build fails */
export async function buildPages(folder: string): Promise<void> {
  const args = ["build", "--outDir", folder, "--emptyOutDir", "--logLevel", "warn"];
  const child = startChild(join(web, "node_modules/.bin/vite"), { args, cwd: web, env: {} });
  if ((await child.exited) !== 0) throw new Error(`The pages do not build:\n${child.output()}`);
}
