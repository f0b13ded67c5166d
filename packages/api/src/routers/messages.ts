import {
  listMessagesInput,
  listMessagesOutput,
  pendingOutput,
  replyInput,
  replyOutput,
  sendInput,
  sendOutput,
} from "../schemas/messages.ts";
import { router, serviceProcedure, userProcedure } from "../trpc.ts";
import { pagedMessageOf, questionOf } from "./wire.ts";

export const messagesRouter = router({
  send: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/send/message/ai",
        tags: ["messages"],
        summary: "Send a message and wait for the answer",
        description:
          "409 while the dialog awaits an answer already; 504 when none came by the deadline; 502 when the AI gave up; 410 when the dialog was deleted meanwhile. A disconnect does not cancel: the answer is stored all the same.",
        errorResponses: [401, 404, 409, 410, 422, 502, 503, 504],
      },
    })
    .input(sendInput)
    .output(sendOutput)
    .mutation(async ({ ctx, input, signal }) => ({
      server: "ok" as const,
      answer_ai: await ctx.services.runs.askAndWait(questionOf(ctx.user.userId, input), signal),
    })),

  list: userProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/dialogs/{dialog_id}/messages",
        tags: ["messages"],
        summary: "The messages of a dialog, in pages",
        description:
          "The newest page first; within a page oldest first. Sentences in it are in Russian when `Accept-Language` prefers it, else in English.",
        errorResponses: [401, 404, 422],
      },
    })
    .input(listMessagesInput)
    .output(listMessagesOutput)
    .query(async ({ ctx, input: { dialog_id, before = null, limit } }) => {
      const page = await ctx.services.dialogs.messagePage({
        dialogId: dialog_id,
        userId: ctx.user.userId,
        before,
        limit,
      });
      return {
        messages: page.messages.map((message) => pagedMessageOf(message, ctx.caller.locale)),
        next_before: page.nextBefore,
      };
    }),

  pending: serviceProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/messages",
        tags: ["ai"],
        summary: "Questions that await an answer",
        description: "For AI services on the original protocol. Several services see the same rows.",
        errorResponses: [403],
      },
    })
    .output(pendingOutput)
    .query(async ({ ctx }) => {
      const rows = await ctx.services.messages.pending();
      return {
        success: true as const,
        service_message: rows.map(({ userId, dialogId, content }) => ({
          user_id: userId,
          dialog_id: dialogId,
          content,
        })),
      };
    }),

  reply: serviceProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/send/message/user",
        tags: ["ai"],
        summary: "Answer a dialog",
        description:
          "Completes the dialog's open run, or heals its last one if that ended without an answer. A repeat of the bot's last text is accepted and not stored; any other text is stored as a message from the bot.",
        errorResponses: [403, 404, 413, 422],
      },
      carriesAnswer: true,
    })
    .input(replyInput)
    .output(replyOutput)
    .mutation(async ({ ctx, input }) => {
      await ctx.services.messages.reply({ userId: input.user_id, dialogId: input.dialog_id, text: input.text_user });
      return { server: "ok" as const, service_message: "Сообщение записано" as const };
    }),
});
