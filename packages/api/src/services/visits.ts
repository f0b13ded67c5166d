import type { Queries, SessionUser } from "@deepbot/db";

/** How exact the time is at which a session was last seen: a session costs one write in this time. */
export const visitResolutionMs = 5 * 60_000;

/** Sessions that were seen, on their way to the database. */
export interface Visits {
  /** Costs nothing but memory; the next flush stores it. */
  note: (user: SessionUser) => void;
  /** One statement for all that was noted, none if nothing was. What fails is noted again by the next request. */
  flush: () => Promise<void>;
}

export function createVisits({ queries }: { queries: Queries }): Visits {
  const seen = new Set<string>();
  return {
    note: ({ sessionId, visitDue }) => {
      if (visitDue) seen.add(sessionId);
    },
    flush: async () => {
      if (seen.size === 0) return;
      const sessionIds = [...seen];
      seen.clear();
      await queries.touchSessions({ sessionIds, resolutionMs: visitResolutionMs });
    },
  };
}
