import { sql } from "drizzle-orm";
import { today } from "./quotas.ts";

/** The assistant of the statement's `dialogs` row, found by its key. To be joined with {@link isAssistantOfDialog}. */
export const assistantOfDialog = sql`
  lateral (select * from assistants where assistants.assistant_id = dialogs.assistant_id limit 1) as assistants`;

/** Looked at again, unlike the condition above, when the dialog's row was waited for: it may have got another assistant. */
export const isAssistantOfDialog = sql`assistants.assistant_id = dialogs.assistant_id`;

/** Questions of the dialog's owner to its assistant today, counted where the assistant has a limit. */
export const assistantQuestionsToday = sql`
  coalesce((
    select questions from assistant_usage_daily as own
    where own.user_id = dialogs.user_id and own.assistant_id = dialogs.assistant_id and own.day = ${today}
  ), 0)`;

/** True while the owner of the dialog may ask the assistant in the statement's table `assistants` again today. */
export const hasAssistantQuestionsLeft = sql`
  (assistants.questions_per_day is null or assistants.questions_per_day > ${assistantQuestionsToday})`;

/**
 * Takes the question in the step `asked` from the quota of its assistant, after the person's own quotas. The count is looked at
 * again under the lock of its row: of two questions at one moment the one too many has then taken from the person's quotas alone.
 */
export const countedByAssistant = sql`
  insert into assistant_usage_daily as own (user_id, assistant_id, day, questions)
  select asked.user_id, assistant_id, ${today}, 1
  from asked join reserved on reserved.user_id = asked.user_id
  where max_assistant_questions is not null
  on conflict (user_id, assistant_id, day) do update set questions = own.questions + 1
    where own.questions < (select max_assistant_questions from asked)
  returning user_id`;
