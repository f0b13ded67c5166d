import { DomainError, type DomainCode } from "../domain/errors.ts";

/** Limits how many things go on at once, for each user and in all. */
export interface Seats {
  /**
   * @returns the function that gives the seat back
   * @throws {DomainError} with the code that the seats were made with
   */
  take: (userId: number) => () => void;
}

export function createSeats(options: { perUser: number; total: number; refusal: DomainCode }): Seats {
  const taken = new Map<number, number>();
  let all = 0;
  return {
    take: (userId) => {
      const own = taken.get(userId) ?? 0;
      if (own >= options.perUser || all >= options.total) throw new DomainError(options.refusal);
      taken.set(userId, own + 1);
      all += 1;
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        all -= 1;
        const left = (taken.get(userId) ?? 1) - 1;
        if (left === 0) taken.delete(userId);
        else taken.set(userId, left);
      };
    },
  };
}
