import type { ErrorCode } from "@deepbot/contract";
import { AppError } from "../app-error.ts";

/** Limits how many things run at once, for each holder (a user by id, a service key by id) and in total. */
export interface ConcurrencyLimiter<Holder extends number | string = number> {
  /**
   * @returns the function that releases the slot; calling it again does nothing
   * @throws {AppError} with the code that the limiter was created with
   */
  acquire: (holder: Holder) => () => void;
}

export function createConcurrencyLimiter<Holder extends number | string = number>(options: {
  perHolder: number;
  total: number;
  refusal: ErrorCode;
}): ConcurrencyLimiter<Holder> {
  const held = new Map<Holder, number>();
  let all = 0;
  return {
    acquire: (holder) => {
      const own = held.get(holder) ?? 0;
      if (own >= options.perHolder || all >= options.total) throw new AppError(options.refusal);
      held.set(holder, own + 1);
      all += 1;
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        all -= 1;
        const left = (held.get(holder) ?? 1) - 1;
        if (left === 0) held.delete(holder);
        else held.set(holder, left);
      };
    },
  };
}
