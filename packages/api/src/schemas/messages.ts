import { z } from "zod";
import { answerText, clientMessageId, id, question, serverOk } from "./fields.ts";

export const sendInput = z.object({
  dialog_id: id("Id of the dialog"),
  text_user: question,
  client_message_id: clientMessageId,
});

export const sendOutput = z.object({ server: serverOk, answer_ai: z.string().describe("The answer") });

export const pendingOutput = z.object({
  success: z.literal(true),
  service_message: z
    .array(
      z.object({
        user_id: id("Owner of the dialog"),
        dialog_id: id("Id of the dialog"),
        content: z.string().describe("What the user wrote"),
      }),
    )
    .describe(
      "All user messages of every dialog that awaits an answer, in the order of storing; a dialog's last row is its open question",
    ),
});

export const replyInput = z.object({
  user_id: id("Owner of the dialog"),
  dialog_id: id("Id of the dialog"),
  text_user: answerText("The answer: up to 64 KiB of UTF-8, may be empty"),
});

export const replyOutput = z.object({ server: serverOk, service_message: z.literal("Сообщение записано") });
