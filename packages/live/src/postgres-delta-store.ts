import { limits } from "@deepbot/contract";
import type { AnswerTimes, Statements } from "@deepbot/db";
import type { DeltaStore } from "./delta-store.ts";

/** Runs whose deltas one statement drops. */
const runsAtOnce = 200;

/** Deltas in the unlogged table `run_deltas`. @param times of answers, whose deadlines each delta moves */
export function createPostgresDeltaStore(
  statements: Pick<Statements, "insertDeltas" | "readDeltas" | "readStreamedText" | "pruneDeltas">,
  times: AnswerTimes,
): DeltaStore {
  return {
    append: (deltas) => statements.insertDeltas(deltas, { ...times, maxBytes: limits.answerMaxBytes }),
    readAfter: statements.readDeltas,
    snapshot: statements.readStreamedText,
    drop: async (keepMs) => {
      while ((await statements.pruneDeltas({ keepMs, limit: runsAtOnce })) === runsAtOnce);
    },
  };
}
