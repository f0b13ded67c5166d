import { z } from "zod";
import { dialogName, id, serverOk, timestamp } from "./fields.ts";

const dialogId = id("Id of the dialog");

export const dialogInput = z.object({ dialog_id: dialogId });

export const createDialogInput = z.object({ dialog_name: dialogName });

export const renameDialogInput = z.object({ dialog_id: dialogId, dialog_name: dialogName });

export const listDialogsOutput = z.object({
  server: serverOk,
  dialogs: z.array(z.object({ dialog_id: dialogId, dialog_name: z.string() })).describe("By rising id"),
});

export const createDialogOutput = z.object({ server: serverOk, dialog: id("Id of the new dialog") });

export const deleteDialogOutput = z.object({ server: serverOk, status: z.literal("Диалог удалён") });

export const renameDialogOutput = z.object({ server: serverOk, status: z.literal(true) });

export const getDialogOutput = z.object({
  server: serverOk,
  dialogs: z
    .array(
      z.object({
        role: z.enum(["user", "bot"]),
        content: z.string(),
        message_id: id("Id of the message"),
        created_at: timestamp("When it was stored"),
        partial: z
          .boolean()
          .describe("Whether the answer was cut short, because the user stopped it or the worker failed"),
      }),
    )
    .describe("The messages, oldest first"),
});

export const flagOutput = z.object({ server: serverOk, content: z.boolean().describe("Whether an answer is awaited") });
