import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { dialogs } from "../schema/index.ts";

/** Dialogs that break a promise of the schema, by the promise. Empty when all is well. */
export interface Violations {
  flagWithoutRun: number[];
  runWithoutFlag: number[];
  seqNotGapFree: number[];
  answerBeforeQuestion: number[];
}

/** Finds dialogs in a state that no sequence of statements may leave behind. */
export async function findViolations(db: Db): Promise<Violations> {
  const open = sql`exists (
    select 1 from runs where runs.dialog_id = ${dialogs.dialogId} and state in ('queued', 'running')
  )`;
  const find = async (condition: ReturnType<typeof sql>): Promise<number[]> => {
    const rows = await db.select({ dialogId: dialogs.dialogId }).from(dialogs).where(condition);
    return rows.map((row) => row.dialogId);
  };
  return {
    flagWithoutRun: await find(sql`${dialogs.statusFlag} and not ${open}`),
    runWithoutFlag: await find(sql`not ${dialogs.statusFlag} and ${open}`),
    seqNotGapFree: await find(sql`${dialogs.lastSeq} <> (
      select count(*) from messages where messages.dialog_id = ${dialogs.dialogId}
    ) or ${dialogs.lastSeq} <> coalesce((
      select max(seq) from messages where messages.dialog_id = ${dialogs.dialogId}
    ), 0)`),
    answerBeforeQuestion: await find(sql`exists (
      select 1 from runs
      join messages as question on question.message_id = runs.question_id
      join messages as answer on answer.message_id = runs.answer_id
      where runs.dialog_id = ${dialogs.dialogId} and answer.seq <= question.seq
    )`),
  };
}

export const noViolations: Violations = {
  flagWithoutRun: [],
  runWithoutFlag: [],
  seqNotGapFree: [],
  answerBeforeQuestion: [],
};
