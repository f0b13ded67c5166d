import {
  createDialogInput,
  createDialogOutput,
  deleteDialogOutput,
  dialogInput,
  flagOutput,
  getDialogOutput,
  listDialogsOutput,
  renameDialogInput,
  renameDialogOutput,
  updateDialogInput,
  updateDialogOutput,
} from "@deepbot/contract";
import type { z } from "zod";
import { roleOf } from "../messages/wire.ts";
import { JsonStream, mapPages } from "../shared/json-stream.ts";
import { personProcedure, router, streamed, sync } from "../trpc.ts";

export const dialogsRouter = router({
  list: personProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/dialogs",
        tags: ["original"],
        summary: "List the dialogs",
        description: "By rising id. The body is ignored and may be absent.",
      },
    })
    .output(sync(listDialogsOutput))
    .query(async ({ ctx }) => {
      const dialogs = await ctx.useCases.dialogs.list(ctx.user.userId);
      return {
        server: "ok" as const,
        dialogs: dialogs.map(({ dialogId, dialogName }) => ({ dialog_id: dialogId, dialog_name: dialogName })),
      };
    }),

  create: personProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "POST",
        path: "/dialogs/create",
        tags: ["original"],
        summary: "Create a dialog",
        description:
          "With the assistant `deepbot` unless another one is named. 403 when the user has reached the limit of dialogs.",
      },
      errors: ["dialog_limit", "assistant_not_found", "assistant_disabled"],
    })
    .input(sync(createDialogInput))
    .output(sync(createDialogOutput))
    .mutation(async ({ ctx, input }) => ({
      server: "ok" as const,
      dialog: await ctx.useCases.dialogs.create(ctx.user.userId, input.dialog_name, input.assistant),
    })),

  update: personProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "PATCH",
        path: "/dialogs/{dialog_id}",
        tags: ["dialogs"],
        summary: "Change a dialog",
        description:
          "Gives it to another assistant, which answers from then on and reads the earlier messages. 409 while an answer is awaited.",
      },
      errors: ["dialog_not_found", "answer_awaited", "assistant_not_found", "assistant_disabled"],
    })
    .input(sync(updateDialogInput))
    .output(sync(updateDialogOutput))
    .mutation(async ({ ctx, input: { dialog_id, assistant } }) => {
      const dialog = { dialogId: dialog_id, userId: ctx.user.userId };
      return { dialog_id, dialog_name: await ctx.useCases.dialogs.move(dialog, assistant), assistant };
    }),

  delete: personProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "POST",
        path: "/dialogs/delete",
        tags: ["original"],
        summary: "Delete a dialog",
        description: "Deletes its messages too. Callers that wait for an answer in it get 410.",
      },
      errors: ["dialog_not_found"],
    })
    .input(sync(dialogInput))
    .output(sync(deleteDialogOutput))
    .mutation(async ({ ctx, input }) => {
      await ctx.useCases.dialogs.remove({ dialogId: input.dialog_id, userId: ctx.user.userId });
      return { server: "ok" as const, status: "Диалог удалён" as const };
    }),

  rename: personProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "POST",
        path: "/dialogs/rename",
        tags: ["original"],
        summary: "Rename a dialog",
        description: "Names need not be unique.",
      },
      errors: ["dialog_not_found"],
    })
    .input(sync(renameDialogInput))
    .output(sync(renameDialogOutput))
    .mutation(async ({ ctx, input }) => {
      await ctx.useCases.dialogs.rename({ dialogId: input.dialog_id, userId: ctx.user.userId }, input.dialog_name);
      return { server: "ok" as const, status: true as const };
    }),

  get: personProcedure
    .meta({
      successor: "/dialogs/{dialog_id}/messages",
      openapi: {
        method: "GET",
        path: "/dialogs/{dialog_id}",
        tags: ["original"],
        summary: "List all messages of a dialog",
        description:
          "Oldest first. A long history is sent while it is read: a response that breaks off is not complete. 503 while the user reads too many histories at once.",
      },
      errors: ["dialog_not_found", "too_many_reads"],
    })
    .input(sync(dialogInput))
    .output(streamed(getDialogOutput))
    .query(async ({ ctx, input }) => {
      const history = await ctx.useCases.dialogs.history({ dialogId: input.dialog_id, userId: ctx.user.userId });
      const dialogs = mapPages(history.pages, (message) => ({
        role: roleOf(message),
        content: message.content,
        message_id: message.messageId,
        created_at: message.createdAt,
        partial: message.partial,
      }));
      return new JsonStream<z.infer<typeof getDialogOutput>>({ server: "ok", dialogs }, history.close);
    }),

  flag: personProcedure
    .meta({
      successor: "/dialogs/{dialog_id}/messages",
      openapi: {
        method: "GET",
        path: "/dialogs/flag/{dialog_id}",
        tags: ["original"],
        summary: "Check whether an answer is awaited",
        description: "Responds at once.",
      },
      errors: ["dialog_not_found"],
      aliases: ["/flag/{dialog_id}"],
    })
    .input(sync(dialogInput))
    .output(sync(flagOutput))
    .query(async ({ ctx, input }) => ({
      server: "ok" as const,
      content: await ctx.useCases.dialogs.isAnswerAwaited({ dialogId: input.dialog_id, userId: ctx.user.userId }),
    })),
});
