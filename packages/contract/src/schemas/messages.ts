import { z } from "zod";
import { limits } from "../limits.ts";
import { answerText, clientMessageId, id, question, serverOk, storedText, timestamp } from "./fields.ts";
import { runState } from "./runs.ts";

export const sendInput = z.object({
  dialog_id: id("Id of the dialog"),
  text_user: question,
  client_message_id: clientMessageId,
});

export const sendOutput = z.object({ server: serverOk, answer_ai: storedText("The answer") });

export const pendingOutput = z.object({
  success: z.literal(true),
  service_message: z
    .array(
      z
        .object({
          user_id: id("Owner of the dialog"),
          dialog_id: id("Id of the dialog"),
          content: storedText("What the user wrote"),
        })
        .meta({ id: "PendingMessage", description: "A user's message in a dialog that awaits an answer" }),
    )
    .describe(
      "The questions that await an answer, and before each the user's earlier messages in its dialog, in the order of storing; a dialog's last row is its open question. At most 4 MiB and 2,000 dialogs, the longest waiting first; of earlier messages the newest 20 of up to 32 KiB a dialog, where there is room",
    ),
});

export const replyInput = z.object({
  user_id: id("Owner of the dialog"),
  dialog_id: id("Id of the dialog"),
  text_user: answerText("The answer: up to 64 KiB of UTF-8, may be empty"),
});

export const replyOutput = z.object({ server: serverOk, service_message: z.literal("Сообщение записано") });

export const listMessagesInput = z.strictObject({
  dialog_id: id("Id of the dialog"),
  before: z
    .int()
    .min(1)
    .describe("Gives the messages before the one with this `seq`: the `next_before` of the page that came last")
    .optional(),
  limit: z
    .int()
    .min(1)
    .max(limits.messagePageMax)
    .default(limits.messagePageDefault)
    .describe("How many messages at most"),
});

export const messageRole = z
  .enum(["user", "bot"])
  .meta({ id: "MessageRole", description: "Who wrote a message: `bot` is the AI" });

/** A message as it is stored, in a page of a dialog and in an export. */
export const storedMessage = z
  .object({
    message_id: id("Id of the message"),
    seq: z.int().describe("Number within the dialog, from 1 without gaps"),
    role: messageRole,
    content: storedText("The text"),
    created_at: timestamp("When it was stored"),
    partial: z.boolean().describe("Whether the answer was cut short, because the user stopped it or the worker failed"),
  })
  .meta({ id: "StoredMessage", description: "A message without the run of its question" });

export const listMessagesOutput = z
  .object({
    messages: z
      .array(
        storedMessage
          .extend({
            run: z
              .object({
                run_id: id("Id of the run"),
                state: runState,
                reason: z
                  .string()
                  .meta({
                    description:
                      "Why there is no answer, in words for a person; null while it is open and once it is completed",
                    maxLength: limits.failureMessageMax,
                  })
                  .nullable(),
              })
              .nullable()
              .describe("Of a user message: its newest run, if it has one"),
          })
          .meta({ id: "Message", description: "A message of a dialog" }),
      )
      .meta({ description: "Oldest first", maxItems: limits.messagePageMax }),
    next_before: z.int().nullable().describe("`before` for the next page, of older messages; null when there are none"),
  })
  .meta({ id: "MessagePage" });
