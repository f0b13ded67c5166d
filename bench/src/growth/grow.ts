import type postgres from "postgres";

export interface Size {
  users: number;
  dialogsPerUser: number;
  /** Even: every question has its answer. */
  messagesPerDialog: number;
}

/** Only what migrations create. */
export const noHistory: Size = { users: 0, dialogsPerUser: 0, messagesPerDialog: 0 };

/** Enough for realistic plans: PostgreSQL reads empty tables whole, whatever indexes they have. */
export const usualHistory: Size = { users: 1_000, dialogsPerUser: 3, messagesPerDialog: 10 };

/** Deltas outlive their run by a minute: this is a load of some hundred runs a minute. The runs end tomorrow, so none is pruned. */
const runsWithDeltas = 1_000;
const deltasPerRun = 50;

/** Fills an empty, migrated database with the history of many people. Foreign keys are right by construction. */
export async function grow(
  sql: postgres.Sql,
  { users, dialogsPerUser, messagesPerDialog: length }: Size,
): Promise<void> {
  const dialogs = users * dialogsPerUser;
  if (dialogs === 0) return;
  // Checking each foreign key would take most of the time.
  const session = await sql.reserve();
  await session`set session_replication_role = replica`;
  await session`
    insert into users (user_id, mail, google_id)
    select id, id || '@example.com', 'grown-' || id from generate_series(2, ${users + 1}) as id`;
  await session`
    insert into sessions (user_id, expires_at)
    select id, now() + interval '1 day' from generate_series(2, ${users + 1}) as id`;
  await session`
    insert into dialogs (dialog_id, user_id, dialog_name, last_seq)
    select id, 2 + (id - 1) / ${dialogsPerUser}::int, 'dialog ' || id, ${length}::int from generate_series(1, ${dialogs}) as id`;
  await session`
    insert into messages (message_id, dialog_id, user_id, content, seq)
    select (dialog_id - 1) * ${length}::int + seq, dialog_id, case seq % 2 when 1 then user_id else 1 end,
      repeat('some words ', 10), seq
    from dialogs, generate_series(1, ${length}::int) as seq`;
  await session`
    insert into runs (dialog_id, question_id, answer_id, state, attempt, epoch, max_attempts, deadline_at, lease_token,
      worker, started_at, ended_at)
    select dialog_id, message_id, message_id + 1, 'completed', 1, 1, 3, now(), gen_random_uuid(), 'grown', now(),
      now() + interval '1 day'
    from messages where seq % 2 = 1`;
  await session`
    insert into run_deltas (run_id, epoch, seq, text)
    select run_id, 1, seq, 'a few words' from generate_series(1, ${deltasPerRun}) as seq,
      (select run_id from runs order by run_id desc limit ${runsWithDeltas}) as newest`;
  await session`set session_replication_role = default`;
  session.release();
  await sql`select setval('users_user_id_seq', (select max(user_id) from users)),
    setval('dialogs_dialog_id_seq', (select max(dialog_id) from dialogs)),
    setval('messages_message_id_seq', (select max(message_id) from messages))`;
}
