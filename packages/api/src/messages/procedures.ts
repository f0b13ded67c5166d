import {
  listMessagesInput,
  listMessagesOutput,
  pendingOutput,
  replyInput,
  replyOutput,
  sendInput,
  sendOutput,
} from "@deepbot/contract";
import type { z } from "zod";
import { JsonStream } from "../shared/json-stream.ts";
import { legacyWorkerProcedure, personProcedure, router, streamed, sync } from "../trpc.ts";
import { askMetadataOf } from "../runs/ask-metadata.ts";
import { toWireMessage } from "./wire.ts";

export const messagesRouter = router({
  send: personProcedure
    .meta({
      rateLimit: "send",
      successor: "/dialogs/{dialog_id}/runs",
      openapi: {
        method: "POST",
        path: "/send/message/ai",
        tags: ["original"],
        summary: "Send a message and wait for the answer",
        description:
          "409 while the dialog is already waiting for an answer, or when it is full; 429 when a quota of the day is used up (`GET /me/usage`); 504 when none arrived by the deadline; 502 when the AI gave up; 410 when the dialog was deleted meanwhile. Disconnecting does not cancel the run: the answer is stored anyway.",
      },
      errors: [
        "dialog_not_found",
        "answer_awaited",
        "dialog_full",
        "run_cancelled",
        "dialog_deleted",
        "client_message_id_reused",
        "assistant_disabled",
        "quota_exceeded",
        "too_many_waits",
        "answer_failed",
        "shutting_down",
        "answer_deadline",
      ],
    })
    .input(sync(sendInput))
    .output(sync(sendOutput))
    .mutation(async ({ ctx, input, signal }) => {
      const question = {
        userId: ctx.user.userId,
        credential: ctx.user.credential,
        dialogId: input.dialog_id,
        text: input.text_user,
        clientMessageId: input.client_message_id ?? null,
        metadata: askMetadataOf(ctx.caller),
      };
      return { server: "ok" as const, answer_ai: await ctx.useCases.runs.askAndWait(question, signal) };
    }),

  list: personProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/dialogs/{dialog_id}/messages",
        tags: ["messages"],
        summary: "List the messages of a dialog in pages",
        description:
          "The newest page comes first; each page is sorted oldest first. A page of long messages has fewer of them than `limit`. Reasons are in Russian if `Accept-Language` prefers it, else in English.",
      },
      errors: ["dialog_not_found", "too_many_reads"],
    })
    .input(sync(listMessagesInput))
    .output(streamed(listMessagesOutput))
    .query(async ({ ctx, input: { dialog_id: dialogId, before = null, limit } }) => {
      const page = await ctx.useCases.dialogs.messagePage({ dialogId, userId: ctx.user.userId, before, limit });
      const messages = page.messages.map((message) => toWireMessage(message, ctx.caller.locale));
      return new JsonStream<z.infer<typeof listMessagesOutput>>({ messages, next_before: page.nextBefore }, page.close);
    }),

  pending: legacyWorkerProcedure("legacy")
    .meta({
      successor: "/worker/claim",
      openapi: {
        method: "GET",
        path: "/messages",
        tags: ["original"],
        summary: "List the questions that await an answer",
        description:
          "For workers on the original protocol: questions to the assistants that the key reaches. Questions that do not fit are returned once older ones are answered.",
      },
    })
    .output(sync(pendingOutput))
    .query(async ({ ctx }) => {
      const rows = await ctx.useCases.legacy.listPending(ctx.key);
      return {
        success: true as const,
        service_message: rows.map(({ userId, dialogId, content }) => ({
          user_id: userId,
          dialog_id: dialogId,
          content,
        })),
      };
    }),

  reply: legacyWorkerProcedure("legacy", "push")
    .meta({
      successor: "/worker/runs/{run_id}/complete",
      openapi: {
        method: "POST",
        path: "/send/message/user",
        tags: ["original"],
        summary: "Answer a dialog",
        description:
          "Completes the open run of the dialog, or its last run if that ended without an answer. A repeat of the bot's last text is accepted and not stored. Any other text is stored as a message from the bot; 409 when the dialog is full. An answer needs the scope `legacy` of the key, a message that nobody asked for the scope `push`.",
      },
      errors: ["dialog_not_found", "dialog_full"],
      carriesAnswer: true,
    })
    .input(sync(replyInput))
    .output(sync(replyOutput))
    .mutation(async ({ ctx, input }) => {
      const { user_id: userId, dialog_id: dialogId, text_user: text } = input;
      await ctx.useCases.legacy.reply(ctx.key, { userId, dialogId, text });
      return { server: "ok" as const, service_message: "Сообщение записано" as const };
    }),
});
