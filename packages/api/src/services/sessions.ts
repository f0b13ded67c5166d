import type { LiveSession } from "@deepbot/db";
import { limits } from "../domain/limits.ts";
import { DomainError } from "../domain/errors.ts";
import type { ServiceDeps } from "./deps.ts";

/** Where a person is signed in. A session of somebody else, or one that has ended, is as good as none. */
export function createSessionService({ queries, hints, log }: ServiceDeps) {
  const revoke = async (userId: number, sessionId: string | null): Promise<string[]> => {
    const ended = await queries.revokeUserSessions({ userId, sessionId });
    for (const id of ended) hints.publish(`session:${id}`);
    return ended;
  };

  return {
    /** The live sessions, the one that was seen last first. */
    list: (userId: number): Promise<LiveSession[]> => queries.listLiveSessions({ userId, limit: limits.sessionsShown }),

    /** @throws {DomainError} `session_not_found` */
    end: async (userId: number, sessionId: string): Promise<void> => {
      const ended = await revoke(userId, sessionId);
      if (ended.length === 0) throw new DomainError("session_not_found");
      log.info({ event: "session_ended", user_id: userId }, `User ${userId} ended a session`);
    },

    /**
     * Ends every session, the caller's too.
     *
     * @returns how many there were
     */
    endAll: async (userId: number): Promise<number> => {
      const { length: count } = await revoke(userId, null);
      log.info({ event: "signed_out_everywhere", user_id: userId, count }, `User ${userId} signed out everywhere`);
      return count;
    },
  };
}
