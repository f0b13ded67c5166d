import { readFile } from "node:fs/promises";
import { testKeys } from "@deepbot/testing";

/** Resident memory of a process, in MiB; 0 when it is gone. */
export async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
}

/** A server's heap by its own metrics, in MiB, with the garbage of that moment; undefined when it does not respond. */
export async function heapMiB(url: string): Promise<number | undefined> {
  const asked = fetch(`${url}/metrics`, {
    headers: { "x-health-key": testKeys.health },
    signal: AbortSignal.timeout(2_000),
  });
  const text = await asked.then((response) => response.text()).catch(() => "");
  const [, bytes] = /^nodejs_heap_size_used_bytes (\S+)/m.exec(text) ?? [];
  return bytes === undefined ? undefined : Number(bytes) / 1024 / 1024;
}

/** Growth of a series per sample, by least squares. */
export function slopeOf(samples: readonly number[]): number {
  const middle = (samples.length - 1) / 2;
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / Math.max(1, samples.length);
  let above = 0;
  let below = 0;
  for (const [index, sample] of samples.entries()) {
    above += (index - middle) * (sample - mean);
    below += (index - middle) ** 2;
  }
  return below === 0 ? 0 : above / below;
}
