import { z } from "zod";
import { clientMessageId, id, question, timestamp } from "./fields.ts";

export const startRunInput = z.strictObject({
  dialog_id: id("Id of the dialog"),
  text_user: question,
  client_message_id: clientMessageId,
});

export const runInput = z.strictObject({ run_id: id("Id of the run") });

export const runOutput = z.object({
  run_id: id("Id of the run"),
  dialog_id: id("Id of the dialog"),
  question_id: id("Id of the user message that it answers"),
  state: z
    .enum(["queued", "running", "completed", "failed", "cancelled", "expired"])
    .describe("`queued` and `running` are open, the others are end states"),
  attempt: z.int().describe("How many times a worker has taken it on"),
  created_at: timestamp("When the question was stored"),
  deadline_at: timestamp("When it expires if it is still open"),
  ended_at: timestamp("When it ended").nullable(),
  answer: z
    .object({ message_id: id("Id of the message"), content: z.string() })
    .nullable()
    .describe("The answer, once completed"),
  error: z
    .object({
      code: z.string().describe("`no_worker`, `deadline`, `attempts_spent`, or a worker's own"),
      message: z.string().nullable().describe("The worker's own words"),
    })
    .nullable()
    .describe("Why there is no answer, or why the last attempt failed"),
});
