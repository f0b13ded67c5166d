import { readFileSync } from "node:fs";
import { join } from "node:path";

const entries = ["index", "node", "react", "worker", "shared/wire"];

/** The public types of the package that was built into a folder, entry by entry. */
export function apiReport(folder: string): string {
  const sections = entries.map(
    (entry) => `=== ${entry}\n\n${readFileSync(join(folder, `${entry}.d.ts`), "utf8").trim()}\n`,
  );
  return sections.join("\n");
}
