import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ratioRow, type Row } from "../row.ts";
import { takeSamples, type Bench } from "../stand.ts";

const folderOf = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

async function compile(folder: string): Promise<number> {
  const startedAt = performance.now();
  const child = spawn("tsc", ["--noEmit"], { cwd: folderOf(folder), stdio: "ignore" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`tsc ended with ${code} in ${folder}.`);
  return performance.now() - startedAt;
}

/** Type-checking the pages, which use the types of the API, compared with type-checking the API itself. */
export async function measureTypes(bench: Bench): Promise<Row[]> {
  const [pages, contract] = ["apps/web", "packages/api"] as const;
  if (!existsSync(folderOf(pages))) return [];
  const samples = await takeSamples([pages, contract], bench.quick ? 1 : 5, async (folder, warmUp) =>
    bench.quick && warmUp ? Number.NaN : compile(folder),
  );
  return [
    ratioRow({
      case: "types",
      what: `tsc of ${pages}`,
      unit: "ms",
      against: `tsc of ${contract}`,
      ours: samples.get(pages) ?? [],
      reference: samples.get(contract) ?? [],
      goal: { atMost: 3_000 },
    }),
  ];
}
