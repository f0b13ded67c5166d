import { limits } from "@deepbot/contract";
import type { Statements } from "@deepbot/db";
import type { DeltaStore } from "./delta-store.ts";

/** Deltas in the unlogged table `run_deltas`. */
export function createPostgresDeltaStore(
  statements: Pick<Statements, "insertDeltas" | "readDeltas" | "readStreamedText" | "pruneDeltas">,
): DeltaStore {
  return {
    append: (deltas) => statements.insertDeltas(deltas, limits.answerMaxBytes),
    readAfter: statements.readDeltas,
    snapshot: statements.readStreamedText,
    drop: statements.pruneDeltas,
  };
}
