import type { Database } from "@deepbot/db";
import { sql } from "@deepbot/db/testing";

interface LongDialog {
  /** E-mail address of the owner. */
  email: string;
  name: string;
  /** Oldest first; the first is the person's. */
  texts: readonly string[];
}

/** Creates a dialog with messages. Returns its id. */
export async function seedDialog({ db }: Database, { email, name, texts }: LongDialog): Promise<number> {
  const rows: unknown = await db.execute(sql`
    with dialog as (
      insert into dialogs (user_id, dialog_name, last_seq)
      select user_id, ${name}, ${texts.length}::int from users where mail = ${email}
      returning dialog_id, user_id
    ), message as (
      insert into messages (dialog_id, user_id, content, seq)
      select dialog_id, case when seq % 2 = 1 then user_id else 1 end, content, seq
      from dialog, json_array_elements_text(${JSON.stringify(texts)}::json) with ordinality as text (content, seq)
      returning seq
    )
    select dialog_id as "dialogId" from dialog
  `);
  const [dialog] = Array.from(rows as Iterable<{ dialogId: string }>);
  if (dialog === undefined) throw new Error(`Nobody has the address ${email}.`);
  return Number(dialog.dialogId);
}

/** "Message 1 of 1000", "Message 2 of 1000" and so on. */
export function numberedTexts(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `Message ${index + 1} of ${count}`);
}
