import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const repositoryRoot: string = fileURLToPath(new URL("../../../", import.meta.url));

export function read(path: string): string {
  return readFileSync(repositoryRoot + path, "utf8");
}

/** Names set in an `.env` file, commented out ones included. */
export function namesIn(envFile: string): string[] {
  return [...read(envFile).matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=/gm)].map(([, name = ""]) => name);
}
