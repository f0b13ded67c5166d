import { z } from "zod";
import { limits } from "../limits.ts";
import { slug } from "./assistants.ts";
import { dialogName, id, serverOk, shortText, storedText, timestamp } from "./fields.ts";
import { messageRole } from "./messages.ts";

const dialogId = id("Id of the dialog");

export const storedName = z.string().meta({ description: "Name of the dialog", maxLength: limits.dialogNameMax });

export const dialogInput = z.object({ dialog_id: dialogId });

export const createDialogInput = z.object({
  dialog_name: dialogName,
  assistant: slug("With which assistant; `deepbot` if absent").optional(),
});

export const updateDialogInput = z.strictObject({
  dialog_id: dialogId,
  assistant: slug("The assistant that answers from now on, and reads the earlier messages"),
});

export const updateDialogOutput = z.object({
  dialog_id: dialogId,
  dialog_name: storedName,
  assistant: shortText("Slug of its assistant", limits.assistantSlugMax),
});

export const renameDialogInput = z.object({ dialog_id: dialogId, dialog_name: dialogName });

export const listDialogsOutput = z.object({
  server: serverOk,
  dialogs: z
    .array(z.object({ dialog_id: dialogId, dialog_name: storedName }).meta({ id: "Dialog" }))
    .describe("By rising id"),
});

export const createDialogOutput = z.object({ server: serverOk, dialog: id("Id of the new dialog") });

export const deleteDialogOutput = z.object({ server: serverOk, status: z.literal("Диалог удалён") });

export const renameDialogOutput = z.object({ server: serverOk, status: z.literal(true) });

export const getDialogOutput = z.object({
  server: serverOk,
  dialogs: z
    .array(
      z
        .object({
          role: messageRole,
          content: storedText("The text"),
          message_id: id("Id of the message"),
          created_at: timestamp("When it was stored"),
          partial: z
            .boolean()
            .describe("Whether the answer was cut short, because the user stopped it or the worker failed"),
        })
        .meta({ id: "DialogMessage", description: "A message as the original back end gives it" }),
    )
    .describe("The messages, oldest first"),
});

export const flagOutput = z.object({ server: serverOk, content: z.boolean().describe("Whether an answer is awaited") });
