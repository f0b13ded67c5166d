import type { ErrorCode } from "@deepbot/contract";
import { AppError } from "../app-error.ts";

/** Limits how many things run at once, for each user and in total. */
export interface ConcurrencyLimiter {
  /**
   * @returns the function that releases the slot; calling it again does nothing
   * @throws {AppError} with the code that the limiter was created with
   */
  acquire: (userId: number) => () => void;
}

export function createConcurrencyLimiter(options: {
  perUser: number;
  total: number;
  refusal: ErrorCode;
}): ConcurrencyLimiter {
  const byUser = new Map<number, number>();
  let all = 0;
  return {
    acquire: (userId) => {
      const own = byUser.get(userId) ?? 0;
      if (own >= options.perUser || all >= options.total) throw new AppError(options.refusal);
      byUser.set(userId, own + 1);
      all += 1;
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        all -= 1;
        const left = (byUser.get(userId) ?? 1) - 1;
        if (left === 0) byUser.delete(userId);
        else byUser.set(userId, left);
      };
    },
  };
}
