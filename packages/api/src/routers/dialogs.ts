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
} from "../schemas/dialogs.ts";
import { router, userProcedure } from "../trpc.ts";
import { roleOf } from "./wire.ts";

export const dialogsRouter = router({
  list: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/dialogs",
        tags: ["dialogs"],
        summary: "List the dialogs",
        description: "By rising id. The body is ignored and may be absent.",
        errorResponses: [401],
      },
    })
    .output(listDialogsOutput)
    .query(async ({ ctx }) => {
      const dialogs = await ctx.services.dialogs.list(ctx.user.userId);
      return {
        server: "ok" as const,
        dialogs: dialogs.map(({ dialogId, dialogName }) => ({ dialog_id: dialogId, dialog_name: dialogName })),
      };
    }),

  create: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/dialogs/create",
        tags: ["dialogs"],
        summary: "Create a dialog",
        description: "403 when the user has as many dialogs as the platform allows.",
        errorResponses: [401, 403, 422],
      },
    })
    .input(createDialogInput)
    .output(createDialogOutput)
    .mutation(async ({ ctx, input }) => ({
      server: "ok" as const,
      dialog: await ctx.services.dialogs.create(ctx.user.userId, input.dialog_name),
    })),

  delete: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/dialogs/delete",
        tags: ["dialogs"],
        summary: "Delete a dialog",
        description: "Its messages go with it, and who waits for an answer there is told so.",
        errorResponses: [401, 404, 422],
      },
    })
    .input(dialogInput)
    .output(deleteDialogOutput)
    .mutation(async ({ ctx, input }) => {
      await ctx.services.dialogs.remove({ dialogId: input.dialog_id, userId: ctx.user.userId });
      return { server: "ok" as const, status: "Диалог удалён" as const };
    }),

  rename: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/dialogs/rename",
        tags: ["dialogs"],
        summary: "Rename a dialog",
        errorResponses: [401, 404, 422],
      },
    })
    .input(renameDialogInput)
    .output(renameDialogOutput)
    .mutation(async ({ ctx, input }) => {
      await ctx.services.dialogs.rename({ dialogId: input.dialog_id, userId: ctx.user.userId }, input.dialog_name);
      return { server: "ok" as const, status: true as const };
    }),

  get: userProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/dialogs/{dialog_id}",
        tags: ["dialogs"],
        summary: "The messages of a dialog",
        description: "Oldest first.",
        errorResponses: [401, 404, 422],
      },
    })
    .input(dialogInput)
    .output(getDialogOutput)
    .query(async ({ ctx, input }) => {
      const messages = await ctx.services.dialogs.messages({ dialogId: input.dialog_id, userId: ctx.user.userId });
      return {
        server: "ok" as const,
        dialogs: messages.map((message) => ({
          role: roleOf(message),
          content: message.content,
          message_id: message.messageId,
          created_at: message.createdAt,
          partial: message.partial,
        })),
      };
    }),

  flag: userProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/dialogs/flag/{dialog_id}",
        tags: ["dialogs"],
        summary: "Is an answer awaited?",
        description: "Answers at once.",
        errorResponses: [401, 404, 422],
      },
      aliases: ["/flag/{dialog_id}"],
    })
    .input(dialogInput)
    .output(flagOutput)
    .query(async ({ ctx, input }) => ({
      server: "ok" as const,
      content: await ctx.services.dialogs.flag({ dialogId: input.dialog_id, userId: ctx.user.userId }),
    })),
});
