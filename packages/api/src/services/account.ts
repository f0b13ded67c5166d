import { DomainError } from "../domain/errors.ts";
import type { ServiceDeps } from "./deps.ts";
import { createReadAccount, type AccountData } from "./read-account.ts";
import { createSeats } from "./seats.ts";

/** An export is held in memory as a whole, so few are made at once in a process. */
const exportsAtOnce = 4;

/** All that the platform keeps about a person, given or taken away. */
export function createAccountService({ queries, hints, log }: ServiceDeps) {
  const readAccount = createReadAccount(queries);
  const seats = createSeats({ perUser: 1, total: exportsAtOnce, refusal: "too_many_exports" });

  return {
    /**
     * Everything, read page by page without a lock.
     *
     * @throws {DomainError} `too_many_exports`; `account_not_found` when it was deleted meanwhile
     */
    export: async (userId: number): Promise<AccountData> => {
      const leave = seats.take(userId);
      try {
        const data = await readAccount(userId);
        if (data === undefined) throw new DomainError("account_not_found");
        log.info({ event: "account_exported", user_id: userId }, `User ${userId} exported their data`);
        return data;
      } finally {
        leave();
      }
    },

    /**
     * Erases everything. Who waits for an answer or watches one is told, and sessions end everywhere.
     *
     * @param namedId the account that the person means to delete
     * @throws {DomainError} `account_not_found` when that is not the caller's, for the bot, or when it is gone already
     */
    delete: async (userId: number, namedId: number): Promise<void> => {
      const deleted = namedId === userId ? await queries.deleteUser(userId) : undefined;
      if (deleted === undefined) throw new DomainError("account_not_found");
      for (const sessionId of deleted.sessionIds) hints.publish(`session:${sessionId}`);
      for (const dialogId of deleted.dialogIds) hints.publish(`dialog:${dialogId}`);
      log.info({ event: "account_deleted", user_id: userId }, `User ${userId} deleted their account`);
    },
  };
}
