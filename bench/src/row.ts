import { compare, median } from "./measure/statistics.ts";

/** Goal of a figure. */
export interface Goal {
  ratioAtLeast?: number;
  ratioAtMost?: number;
  atMost?: number;
}

/** One line of the table. */
export interface Row {
  case: string;
  what: string;
  unit: string;
  ours: number;
  reference: number | null;
  /** Name of the reference. */
  against: string;
  ratio: number | null;
  spread: [number, number] | null;
  goal: string;
  met: boolean | null;
}

function format({ ratioAtLeast, ratioAtMost, atMost }: Goal, unit: string): string {
  const parts = [
    ratioAtLeast === undefined ? "" : `≥ ${ratioAtLeast} x`,
    ratioAtMost === undefined ? "" : `≤ ${ratioAtMost} x`,
    atMost === undefined ? "" : `≤ ${atMost} ${unit}`,
  ];
  return parts.filter(Boolean).join(", ");
}

function isMet({ ratioAtLeast, ratioAtMost, atMost }: Goal, ours: number, ratio: number): boolean | null {
  const verdicts: boolean[] = [];
  if (ratioAtLeast !== undefined) verdicts.push(ratio >= ratioAtLeast);
  if (ratioAtMost !== undefined) verdicts.push(ratio <= ratioAtMost);
  if (atMost !== undefined) verdicts.push(ours <= atMost);
  return verdicts.length === 0 ? null : verdicts.every(Boolean);
}

interface Quantity {
  case: string;
  what: string;
  unit: string;
  goal?: Goal;
  /** One value per round. */
  ours: readonly number[];
}

/** Our figure and a reference's, compared round by round. */
export function ratioRow(quantity: Quantity & { against: string; reference: readonly number[] }): Row {
  const { goal = {}, case: name, what, unit, against } = quantity;
  const { ours, reference, ratio, spread } = compare(quantity.ours, quantity.reference);
  return {
    case: name,
    what,
    unit,
    ours,
    reference,
    against,
    ratio,
    spread,
    goal: format(goal, unit),
    met: isMet(goal, ours, ratio),
  };
}

/** Share of a figure that changes may cost. */
const tolerance = 0.05;

/** Our figure and the other checkout's. No row when there is no other checkout. */
export function beforeRows(
  quantity: Omit<Quantity, "goal"> & { better: "higher" | "lower" },
  before: readonly number[],
): Row[] {
  if (before.length === 0) return [];
  const goal = quantity.better === "higher" ? { ratioAtLeast: 1 - tolerance } : { ratioAtMost: 1 + tolerance };
  return [ratioRow({ ...quantity, goal, against: "before", reference: before })];
}

/** Our figure without a reference. */
export function boundRow(quantity: Quantity): Row {
  const { goal = {}, case: name, what, unit } = quantity;
  const ours = median(quantity.ours);
  return {
    case: name,
    what,
    unit,
    ours,
    reference: null,
    against: "",
    ratio: null,
    spread: null,
    goal: format(goal, unit),
    met: isMet(goal, ours, Number.NaN),
  };
}

function figure(value: number | null): string {
  if (value === null) return "";
  if (!Number.isFinite(value)) return "-";
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function cellsOf(row: Row): string[] {
  return [
    row.case,
    row.what,
    `${figure(row.ours)} ${row.unit}`,
    row.reference === null ? "" : `${figure(row.reference)} (${row.against})`,
    figure(row.ratio),
    row.spread === null ? "" : row.spread.map(figure).join("–"),
    row.goal,
    row.met === null ? "" : row.met ? "ok" : "MISSED",
  ];
}

export function formatTable(rows: readonly Row[]): string {
  const all = [["case", "what", "ours", "reference", "ratio", "spread", "goal", ""], ...rows.map(cellsOf)];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((cells) => cells[column]?.length ?? 0)));
  const lines = all.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
  return lines.map((line) => line.trimEnd()).join("\n");
}
