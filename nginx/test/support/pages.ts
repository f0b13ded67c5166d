import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Like a build of the web client: a page, a file with a hash in its name, and files without. */
export const pages = {
  "index.html": '<!doctype html><title>Deepbot</title><script type="module" src="/assets/main-4f3a2b1c.js"></script>\n',
  "favicon.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>\n',
  "assets/main-4f3a2b1c.js": 'console.log("Deepbot");\n'.repeat(100),
  ".secret": "not for anybody\n",
};

export async function writePages(folder: string): Promise<void> {
  await mkdir(join(folder, "assets"), { recursive: true });
  for (const [name, content] of Object.entries(pages)) await writeFile(join(folder, name), content);
}
