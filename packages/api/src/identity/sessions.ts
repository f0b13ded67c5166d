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
      const ended = await statements.revokeUserSession({ userId, sessionId });
      if (ended === undefined) throw new AppError("session_not_found");
      events.emit({ kind: "sessions_ended", reason: "ended_by_owner", userId, sessionIds: [ended] });
    },

    /**
     * Ends every session, including the caller's, and every personal token.
     *
     * @returns how many sessions there were
     */
    endAll: async (userId: number): Promise<number> => {
      const { sessionIds, tokenIds } = await statements.revokeUserCredentials(userId);
      events.emit({ kind: "sessions_ended", reason: "signed_out_everywhere", userId, sessionIds });
      for (const tokenId of tokenIds) events.emit({ kind: "personal_token_changed", change: "ended", userId, tokenId });
      return sessionIds.length;
    },
  };
}
