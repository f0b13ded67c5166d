import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { startChild } from "@deepbot/testing";

const web = fileURLToPath(new URL("../../apps/web/", import.meta.url));

/** Builds the browser application into a folder, as `build` does. @throws with Vite's output when it does not build */
export async function buildPages(folder: string): Promise<void> {
  const args = ["build", "--outDir", folder, "--emptyOutDir", "--logLevel", "warn"];
  const child = startChild(join(web, "node_modules/.bin/vite"), { args, cwd: web, env: {} });
  if ((await child.exited) !== 0) throw new Error(`The browser application does not build:\n${child.output()}`);
}
