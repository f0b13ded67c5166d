import { and, asc, count, eq, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { dialogs, isOpenRun, users } from "../schema/index.ts";
import { prepareDecoded, type BigintCell } from "./prepare-decoded.ts";

export interface DialogRow {
  dialogId: number;
  dialogName: string;
  createdAt: Date;
}

export interface DialogKey {
  dialogId: number;
  userId: number;
}

function decodeDialog([dialogId, dialogName, createdAt]: [BigintCell, string, string]): DialogRow {
  return { dialogId: Number(dialogId), dialogName, createdAt: new Date(createdAt) };
}

/** A user's dialogs in ascending order of their ids. */
export type ListDialogs = (userId: number) => Promise<DialogRow[]>;

export function prepareListDialogs(db: Db): ListDialogs {
  const query = db
    .select({ dialogId: dialogs.dialogId, dialogName: dialogs.dialogName, createdAt: dialogs.createdAt })
    .from(dialogs)
    .where(eq(dialogs.userId, sql.placeholder("userId")))
    .orderBy(asc(dialogs.dialogId));
  const execute = prepareDecoded(db, query, { name: "list_dialogs", decode: decodeDialog });
  return (userId) => execute({ userId });
}

/** True of a dialog with one of the given assistants, or of any when that is null. */
export const isServed = sql`
  (${sql.placeholder("assistantIds")}::bigint[] is null or assistant_id = any(${sql.placeholder("assistantIds")}::bigint[]))`;

/** Inserts a dialog and returns its id; undefined when the user already has `limit` dialogs or does not exist. */
export type InsertDialog = (dialog: {
  userId: number;
  dialogName: string;
  /** The default assistant if absent. */
  assistantId?: number;
  limit: number;
}) => Promise<number | undefined>;

/**
 * Counts and inserts in two statements that hold a lock on the user's row. A single statement would count in a snapshot
 * from before the insert that it waited for.
 */
export function prepareInsertDialog(db: Db): InsertDialog {
  return ({ userId, dialogName, assistantId, limit }) =>
    db.transaction(async (tx) => {
      const [user] = await tx
        .select({ userId: users.userId })
        .from(users)
        .where(eq(users.userId, userId))
        .for("no key update")
        .prepare("lock_user")
        .execute();
      const [existing] = await tx
        .select({ total: count() })
        .from(dialogs)
        .where(eq(dialogs.userId, userId))
        .prepare("count_dialogs")
        .execute();
      if (user === undefined || existing === undefined || existing.total >= limit) return undefined;
      const [inserted] = await tx
        .insert(dialogs)
        .values({ userId, dialogName, assistantId })
        .returning({ dialogId: dialogs.dialogId })
        .prepare("insert_dialog")
        .execute();
      return inserted?.dialogId;
    });
}

/** Renames a user's dialog. Returns false when the user has no such dialog. */
export type RenameDialog = (dialog: DialogKey & { dialogName: string }) => Promise<boolean>;

export function prepareRenameDialog(db: Db): RenameDialog {
  const statement = db
    .update(dialogs)
    .set({ dialogName: sql`${sql.placeholder("dialogName")}` })
    .where(ownedDialog())
    .returning({ dialogId: dialogs.dialogId })
    .prepare("rename_dialog");
  return async (dialog) => (await statement.execute({ ...dialog })).length > 0;
}

/**
 * Gives a user's dialog to another assistant, and returns its name. Undefined when the user has no such dialog, it awaits an
 * answer, or no enabled assistant has the slug.
 */
export type MoveDialog = (dialog: DialogKey & { assistant: string }) => Promise<string | undefined>;

export function prepareMoveDialog(db: Db): MoveDialog {
  const moved = db.$with("moved", { dialogName: dialogs.dialogName }).as(sql`
    update dialogs set assistant_id = chosen.assistant_id
    from assistants as chosen
    where dialogs.dialog_id = ${sql.placeholder("dialogId")} and dialogs.user_id = ${sql.placeholder("userId")}
      and not status_flag and chosen.slug = ${sql.placeholder("assistant")} and chosen.disabled_at is null
    returning dialog_name`);
  const statement = db.with(moved).select().from(moved).prepare("move_dialog");
  return async (dialog) => (await statement.execute({ ...dialog })).at(0)?.dialogName;
}

/** Deletes a user's dialog with its messages and runs. Returns false when the user has no such dialog. */
export type DeleteDialog = (dialog: DialogKey) => Promise<boolean>;

export function prepareDeleteDialog(db: Db): DeleteDialog {
  const statement = db
    .delete(dialogs)
    .where(ownedDialog())
    .returning({ dialogId: dialogs.dialogId })
    .prepare("delete_dialog");
  return async (dialog) => (await statement.execute({ ...dialog })).length > 0;
}

export interface DialogStatus {
  /** Whether an answer is awaited. */
  statusFlag: boolean;
  /** Whether the open run is past its deadline, so that `reap_runs` will clear the flag. */
  overdue: boolean;
}

/** Whether a dialog awaits an answer; undefined when the user has no such dialog. */
export type FindDialogStatus = (dialog: DialogKey) => Promise<DialogStatus | undefined>;

export function prepareFindDialogStatus(db: Db): FindDialogStatus {
  const statement = db
    .select({
      statusFlag: dialogs.statusFlag,
      // Spelled out, because Drizzle omits the table of columns when it selects from one table.
      overdue: sql<boolean>`${dialogs.statusFlag} and exists (
        select 1 from runs
        where runs.dialog_id = dialogs.dialog_id and ${isOpenRun} and deadline_at <= now()
      )`,
    })
    .from(dialogs)
    .where(ownedDialog())
    .prepare("find_dialog_status");
  return async (dialog) => (await statement.execute({ ...dialog })).at(0);
}

function ownedDialog() {
  return and(eq(dialogs.dialogId, sql.placeholder("dialogId")), eq(dialogs.userId, sql.placeholder("userId")));
}
