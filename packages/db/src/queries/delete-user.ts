import { and, eq, ne, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, dialogs, runEvents, sessions, users } from "../schema/index.ts";

/** What went with a user, for those who wait for it. */
export interface DeletedUser {
  dialogIds: number[];
  sessionIds: string[];
}

/**
 * Deletes a user with everything that is theirs: sessions, dialogs, messages, runs and their deltas. Returns undefined when
 * there is no such user, and for the bot.
 */
export type DeleteUser = (userId: number) => Promise<DeletedUser | undefined>;

/**
 * One transaction that takes its locks in an order that fits all other statements. The user's row comes first, in the mode
 * that keeps new dialogs away and lets the foreign keys of messages under way pass; then each dialog, behind which no run
 * can begin or end; then the rows go. What a statement under way adds to the deltas after that is pruned like those of any
 * run that is gone.
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
      await tx.delete(runEvents).where(sql`run_id in (
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
