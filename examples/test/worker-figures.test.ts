import { readFileSync } from "node:fs";
import { errorCatalogue, limits } from "@deepbot/contract";
import { describe, expect, test } from "vitest";

const source = readFileSync(new URL("../python-worker/worker.py", import.meta.url), "utf8");

function figure(name: string): number {
  const [, digits] = new RegExp(String.raw`^${name} = ([\d_.]+)`, "m").exec(source) ?? [];
  return Number(digits?.replaceAll("_", ""));
}

/** The lists of statuses that the worker compares a refusal with. */
function statusLists(): number[][] {
  const lists = [...source.matchAll(/error\.status (?:not )?in \(([\d, ]+)\)/g)];
  return lists.map(([, list = ""]) => list.split(", ").map(Number));
}

describe("the figures of worker.py", () => {
  test("keep to the limits of packages/contract", () => {
    expect(figure("CLAIM_WAIT_MS")).toBeLessThanOrEqual(limits.claimWaitMaxMs);
    expect(figure("LEASE_MS")).toBe(limits.leaseDefaultMs);
    expect(figure("TIMEOUT_S") * 1_000).toBeGreaterThan(figure("CLAIM_WAIT_MS"));
  });

  test("recognise every error by which a worker loses its run, and every answer that cannot be stored", () => {
    const lost = Object.values(errorCatalogue).filter(({ failure }) => failure === "lease_lost");
    const lostStatuses = [...new Set(lost.map(({ status }) => status))].toSorted((a, b) => a - b);
    const unstorable = [errorCatalogue.payload_too_large.status, errorCatalogue.invalid_input.status];
    expect(statusLists()).toEqual([lostStatuses, unstorable, lostStatuses]);
  });
});
