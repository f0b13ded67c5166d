/** Repeatable random numbers: the same seed gives the same choices. */
export interface Random {
  /** At least 0, below 1. */
  next: () => number;
  /** A whole number, both bounds included. */
  whole: (min: number, max: number) => number;
  /** @throws when there is nothing to pick from */
  pick: <T>(from: readonly T[]) => T;
  /** A version 4 UUID. */
  uuid: () => string;
}

/** @see https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32 */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    whole,
    pick: (from) => {
      const picked = from[whole(0, from.length - 1)];
      if (picked === undefined) throw new Error("There is nothing to pick from.");
      return picked;
    },
    uuid: () => {
      const digits = Array.from({ length: 32 }, () => whole(0, 15).toString(16));
      digits[12] = "4";
      digits[16] = "8";
      return digits.join("").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    },
  };
}
