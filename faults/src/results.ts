/** Outcome of one scenario. */
export interface Result {
  id: string;
  name: string;
  rounds: number;
  faults: string[];
  recoveriesMs: number[];
  notes: string[];
  tookMs: number;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function recoveryOf({ recoveriesMs }: Result): string {
  if (recoveriesMs.length === 0) return "-";
  const sorted = recoveriesMs.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return sorted.length === 1 ? seconds(median) : `${seconds(median)} (worst ${seconds(sorted.at(-1) ?? 0)})`;
}

export function formatLine(result: Result): string {
  const verdict = result.faults.length === 0 ? "ok" : "FAILED";
  const parts = [result.id, result.name, "… rounds", result.rounds, verdict, "recovery", recoveryOf(result)];
  const notes = [...result.notes, `took ${seconds(result.tookMs)}`].map((note) => ` · ${note}`).join("");
  const shown = result.faults.slice(0, 12).map((fault) => `\n   ${fault}`);
  const more = result.faults.length > 12 ? `\n   and ${result.faults.length - 12} more` : "";
  return parts.join(" ") + notes + shown.join("") + more;
}

/** The closing table. */
export function formatTable(results: readonly Result[]): string {
  const rows = results.map((result) => [
    result.id,
    result.name,
    String(result.rounds),
    result.faults.length === 0 ? "ok" : "FAILED",
    recoveryOf(result),
  ]);
  const all = [["fault", "what", "rounds", "result", "recovery"], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
