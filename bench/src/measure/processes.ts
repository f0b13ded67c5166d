import { readdirSync, readFileSync } from "node:fs";

/** Linux reports CPU time in hundredths of a second. */
const msPerTick = 10;

interface Times {
  parent: number;
  own: number;
  /** Of children that have exited. */
  reaped: number;
}

function timesOf(pid: number): Times | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in brackets may contain spaces.
    const [, parent, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const tick = (index: number): number => Number(rest[index]) * msPerTick;
    return { parent: Number(parent), own: tick(9) + tick(10), reaped: tick(11) + tick(12) };
  } catch {
    return undefined;
  }
}

/** CPU time that a process has used so far, in milliseconds. */
export function cpuMsOf(pid: number): number {
  return timesOf(pid)?.own ?? 0;
}

/** CPU time of a process and its children, exited ones included: PostgreSQL with its connections. */
export function cpuMsOfFamily(pid: number): number {
  const head = timesOf(pid);
  if (head === undefined) return 0;
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => timesOf(Number(name)))
    .filter((times) => times?.parent === pid);
  return head.own + head.reaped + children.reduce((sum, times) => sum + (times?.own ?? 0), 0);
}

/** Load average of the last minute. */
export function loadAverage(): number {
  return Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]);
}
