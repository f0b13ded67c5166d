import { z } from "zod";
import { limits } from "../limits.ts";
import { email, personFields } from "./auth.ts";
import { storedName } from "./dialogs.ts";
import { id, timestamp, uuid } from "./fields.ts";
import { storedMessage } from "./messages.ts";
import { personalToken } from "./personal-tokens.ts";
import { runError, runState } from "./runs.ts";

const profile = z
  .object({
    id: id("The user's id"),
    google_id: z
      .string()
      .meta({ description: "Google's id of the account, the `sub` of its ID tokens", maxLength: 255 }),
    email,
    ...personFields,
    created_at: timestamp("When the user first signed in"),
  })
  .meta({ id: "ExportedProfile" });

const session = z
  .object({
    session_id: uuid("Id of the session"),
    created_at: timestamp("When the device signed in"),
    last_seen_at: timestamp("When it was seen last, exact to five minutes"),
    expires_at: timestamp("When it ends by itself"),
    ended_at: timestamp("When it was ended before that").nullable(),
    user_agent: z
      .string()
      .meta({ description: "What the device called itself", maxLength: limits.userAgentMax })
      .nullable(),
  })
  .meta({ id: "ExportedSession" });

const run = z
  .object({
    run_id: id("Id of the run"),
    question_id: id("Id of the message that it was to answer"),
    answer_id: id("Id of the message with the answer").nullable(),
    state: runState,
    attempt: z.int().describe("How many times a worker has taken it on"),
    created_at: timestamp("When it was queued"),
    ended_at: timestamp("When it ended").nullable(),
    error: runError.nullable(),
  })
  .meta({ id: "ExportedRun" });

export const exportOutput = z
  .object({
    exported_at: timestamp("When the export was made"),
    profile,
    sessions: z.array(session).describe("Sign-ins that are on record, oldest first"),
    tokens: z
      .array(personalToken)
      .meta({ description: "Personal tokens, the newest first", maxItems: limits.personalTokensMax }),
    dialogs: z
      .array(
        z
          .object({
            dialog_id: id("Id of the dialog"),
            dialog_name: storedName,
            created_at: timestamp("When it was created"),
            messages: z.array(storedMessage).describe("Oldest first"),
            runs: z.array(run).describe("Oldest first"),
          })
          .meta({ id: "ExportedDialog" }),
      )
      .describe("By rising id"),
  })
  .meta({ id: "AccountExport", description: "Everything that is stored about a person" });

const usedOf = (what: string, limit: string) =>
  z.object({ used: z.int().describe(what), limit: z.int().nullable().describe(limit) });

export const usageOutput = z
  .object({
    resets_at: timestamp("When the day ends, at midnight UTC, and the counters start again from 0"),
    questions: usedOf("Questions sent today", "Questions a day"),
    question_bytes: usedOf("UTF-8 bytes of today's questions together", "Bytes a day"),
    tokens: usedOf(
      "Tokens that answers reported today, input and output together",
      "Tokens a day; null where they are not limited",
    ).extend({ input: z.int(), output: z.int() }),
    messages_per_dialog: z.int().describe("Messages that one dialog may hold, questions and answers"),
  })
  .meta({ id: "UsageOfToday", description: "What a person has used of the day's quotas" });

export const deleteAccountInput = z.strictObject({
  user_id: id(
    "Id of the account to delete, as `GET /me` gives it. Must be the signed-in one: a page that shows another account than the cookie has by now deletes nothing. In the query, because a DELETE has no body and an address should hold no e-mail",
  ),
});

export const deleteAccountOutput = z.object({ user_id: id("Id of the account that is gone") });
