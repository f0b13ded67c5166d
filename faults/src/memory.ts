import { readFile } from "node:fs/promises";
import { testKeys } from "@deepbot/testing";

/** Resident memory of a process, in MiB; 0 when it is gone. */
export async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
}

/** What a server's heap holds by its own word, in MiB, with what is not collected yet; undefined when it does not say. */
export async function heapMiB(url: string): Promise<number | undefined> {
  const asked = fetch(`${url}/metrics`, {
    headers: { "x-health-key": testKeys.health },
    signal: AbortSignal.timeout(2_000),
  });
  const text = await asked.then((response) => response.text()).catch(() => "");
  const [, bytes] = /^nodejs_heap_size_used_bytes (\S+)/m.exec(text) ?? [];
  return bytes === undefined ? undefined : Number(bytes) / 1024 / 1024;
}

/** How much a series grows per sample: least squares. */
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
