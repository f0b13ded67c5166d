import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The path of the first of these programs that is installed, or null. */
export function findProgram(...names: string[]): string | null {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return paths.find(isProgram) ?? null;
}

/** Chromium has different names in Debian and elsewhere. */
export const findChromium = (): string | null => findProgram("chromium", "chromium-browser", "google-chrome");
