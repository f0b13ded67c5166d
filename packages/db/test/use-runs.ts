import { eq, sql, type SQL } from "drizzle-orm";
import type { ClaimedRun } from "../src/index.ts";
import { runs } from "../src/schema/index.ts";
import { anyClaim, type useDatabase } from "../src/testing/index.ts";

/** What tests of runs do with the database of their suite. */
interface Runs {
  /** @throws when there was nothing to claim */
  claim: (options?: Partial<typeof anyClaim>) => Promise<ClaimedRun>;
  stateOf: (runId: number) => Promise<typeof runs.$inferSelect | undefined>;
  passDeadline: (runId: number) => Promise<void>;
  passLease: (runId: number) => Promise<void>;
}

export function useRuns(suite: ReturnType<typeof useDatabase>): Runs {
  const past = sql`now() - interval '1 second'`;
  const set = async (runId: number, times: { deadlineAt: SQL } | { leaseUntil: SQL }): Promise<void> => {
    await suite.database.db.update(runs).set(times).where(eq(runs.runId, runId));
  };
  return {
    claim: async (options = {}) => {
      const [claimed] = await suite.statements.claimRuns({ ...anyClaim, ...options });
      if (claimed === undefined) throw new Error("There was nothing to claim.");
      return claimed;
    },
    stateOf: async (runId) => {
      const [row] = await suite.database.db.select().from(runs).where(eq(runs.runId, runId));
      return row;
    },
    passDeadline: (runId) => set(runId, { deadlineAt: past }),
    passLease: (runId) => set(runId, { leaseUntil: past }),
  };
}
