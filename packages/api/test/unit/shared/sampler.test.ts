import { describe, expect, it } from "vitest";
import { createSampler, type Suppressed } from "../../../src/shared/sampler.ts";

/** A sampler whose windows end when the test says so. */
function makeSampler(limits: { perKind: number; total: number }) {
  const suppressed: Suppressed[] = [];
  const sampler = createSampler({ windowMs: 3_600_000, ...limits, onSuppressed: (each) => void suppressed.push(each) });
  const admitted = (kind: string, address: string | undefined, times: number): number =>
    Array.from({ length: times }, () => sampler.admit(kind, address)).filter(Boolean).length;
  return { sampler, suppressed, admitted };
}

describe("a sampler", () => {
  it("admits the first of each kind from each address and counts the others", () => {
    const { sampler, suppressed, admitted } = makeSampler({ perKind: 2, total: 100 });
    expect(admitted("a", "192.0.2.1", 5)).toBe(2);
    expect(admitted("b", "192.0.2.1", 1)).toBe(1);
    expect(admitted("a", "192.0.2.2", 3)).toBe(2);
    expect(admitted("a", undefined, 3)).toBe(2);
    sampler.flush();
    expect(suppressed).toEqual([
      { kind: "a", address: "192.0.2.1", count: 3 },
      { kind: "a", address: "192.0.2.2", count: 1 },
      { kind: "a", address: undefined, count: 1 },
    ]);
  });

  it("begins anew with each window", () => {
    const { sampler, suppressed, admitted } = makeSampler({ perKind: 1, total: 100 });
    admitted("a", "192.0.2.1", 2);
    sampler.flush();
    expect(admitted("a", "192.0.2.1", 2)).toBe(1);
    sampler.flush();
    sampler.flush();
    expect(suppressed.map(({ count }) => count)).toEqual([1, 1]);
  });

  it("admits and reports no more than the total, however many addresses there are", () => {
    const { sampler, suppressed } = makeSampler({ perKind: 10, total: 50 });
    const addresses = Array.from({ length: 1_000 }, (_, index) => `192.0.2.${index}`);
    const kept = addresses.filter((address) => sampler.admit("a", address));
    expect(kept).toHaveLength(50);
    sampler.flush();
    expect(suppressed).toEqual([{ kind: "other", address: undefined, count: 950 }]);
  });
});
