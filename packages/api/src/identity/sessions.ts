import { limits } from "@deepbot/contract";
import type { LiveSession } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";

/** The devices that a person is signed in on. A session that has ended or belongs to somebody else counts as missing. */
export function createSessions({ statements, events }: Pick<UseCaseDeps, "statements" | "events">) {
  return {
    /** The live sessions, most recently seen first. */
    list: (userId: number): Promise<LiveSession[]> =>
      statements.listLiveSessions({ userId, limit: limits.sessionsShown }),

    /** @throws {AppError} `session_not_found` */
    end: async (userId: number, sessionId: string): Promise<void> => {
      const sessionIds = await statements.revokeUserSessions({ userId, sessionId });
      if (sessionIds.length === 0) throw new AppError("session_not_found");
      events.emit({ kind: "sessions_ended", reason: "ended_by_owner", userId, sessionIds });
    },

    /**
     * Ends every session, including the caller's.
     *
     * @returns how many there were
     */
    endAll: async (userId: number): Promise<number> => {
      const sessionIds = await statements.revokeUserSessions({ userId, sessionId: null });
      events.emit({ kind: "sessions_ended", reason: "signed_out_everywhere", userId, sessionIds });
      return sessionIds.length;
    },
  };
}
