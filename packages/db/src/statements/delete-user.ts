import { and, eq, ne, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, dialogs, runDeltas, sessions, users } from "../schema/index.ts";

/** What was deleted with a user. */
export interface DeletedUser {
  dialogIds: number[];
  sessionIds: string[];
}

/**
 * Deletes a user with their sessions, dialogs, messages, runs and deltas. Undefined when there is no such user, and for
 * the bot.
 */
export type DeleteUser = (userId: number) => Promise<DeletedUser | undefined>;

/**
 * One transaction, with locks in the order of all other statements. The lock on the user's row blocks new dialogs but
 * not the foreign-key checks of messages that are being stored. The locks on the dialogs keep runs from starting and
 * ending. Deltas that a running statement adds afterwards are pruned like those of any deleted run.
 */
export function prepareDeleteUser(db: Db): DeleteUser {
  return (userId) =>
    db.transaction(async (tx) => {
      const [user] = await tx
        .select({ userId: users.userId })
        .from(users)
        .where(and(eq(users.userId, userId), ne(users.userId, botUserId)))
        .for("no key update");
      if (user === undefined) return undefined;
      const owned = await tx
        .select({ dialogId: dialogs.dialogId })
        .from(dialogs)
        .where(eq(dialogs.userId, userId))
        .orderBy(dialogs.dialogId)
        .for("update");
      await tx.delete(runDeltas).where(sql`run_id in (
        select runs.run_id from runs join dialogs on dialogs.dialog_id = runs.dialog_id where dialogs.user_id = ${userId}
      )`);
      await tx.delete(dialogs).where(eq(dialogs.userId, userId));
      const ended = await tx
        .delete(sessions)
        .where(eq(sessions.userId, userId))
        .returning({ sessionId: sessions.sessionId });
      await tx.delete(users).where(eq(users.userId, userId));
      return {
        dialogIds: owned.map(({ dialogId }) => dialogId),
        sessionIds: ended.map(({ sessionId }) => sessionId),
      };
    });
}
