import { isOpen, type WireRun } from "@deepbot/contract";
import type { DeltaStore } from "@deepbot/live";
import { AppError } from "../app-error.ts";
import type { FindRun, RunKey } from "./find-run.ts";
import { toWireRun } from "./wire.ts";

/**
 * A run with its answer, or with what was streamed so far.
 *
 * @param missing the refusal when the user has no such run (any more)
 * @throws {AppError} with `missing`
 */
export type ReadRun = (key: RunKey, missing: "run_not_found" | "dialog_deleted") => Promise<WireRun>;

export function createReadRun({ find, store }: { find: FindRun; store: DeltaStore }): ReadRun {
  return async (key, missing) => {
    const run = await find(key);
    if (run === undefined) throw new AppError(missing);
    const hasText = isOpen(run.state) && run.epoch > 0;
    return toWireRun(run, hasText ? (await store.snapshot(run)).text : "");
  };
}
