import { runEventSchemas, runInput, runOutput, startRunInput, watchInput } from "@deepbot/contract";
import { tracked } from "@trpc/server";
import { askMetadataOf } from "./ask-metadata.ts";
import { mapStreamErrors, personProcedure, router, sync } from "../trpc.ts";

export const runsRouter = router({
  start: personProcedure
    .meta({
      rateLimit: "send",
      openapi: {
        method: "POST",
        path: "/dialogs/{dialog_id}/runs",
        tags: ["runs"],
        summary: "Send a message without waiting",
        description:
          "Stores the message and returns its run at once. A repeat with the same `client_message_id` returns the run of the first. 409 (with `run_id`) while the dialog waits for an answer to another message.",
      },
      errors: [
        "dialog_not_found",
        "answer_awaited",
        "dialog_full",
        "dialog_deleted",
        "client_message_id_reused",
        "assistant_disabled",
        "quota_exceeded",
      ],
      status: 202,
    })
    .input(sync(startRunInput))
    .output(sync(runOutput))
    .mutation(({ ctx, input }) =>
      ctx.useCases.runs.start({
        userId: ctx.user.userId,
        dialogId: input.dialog_id,
        text: input.text_user,
        clientMessageId: input.client_message_id ?? null,
        metadata: askMetadataOf(ctx.caller),
      }),
    ),

  get: personProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/runs/{run_id}",
        tags: ["runs"],
        summary: "Get a run and its answer",
        description: "Its state, the text streamed so far, and the answer once there is one.",
      },
      errors: ["run_not_found"],
    })
    .input(sync(runInput))
    .output(sync(runOutput))
    .query(({ ctx, input }) =>
      ctx.useCases.runs.read({ runId: input.run_id, userId: ctx.user.userId }, "run_not_found"),
    ),

  watch: personProcedure
    .meta({
      events: {
        path: "/runs/{run_id}/events",
        tag: "runs",
        summary: "Stream an answer",
        description:
          "Server-Sent Events: one `snapshot`, then `waiting` while the question is in the queue, `delta` and `reset`, then one `end` with the stored answer. A client that reconnects with `Last-Event-ID` gets what it missed, or a new `snapshot`; 204 if it already has the `end`.",
        data: runEventSchemas,
        // A client of plain events ignores those that it does not know.
        input: { waiting: true },
      },
      errors: ["run_not_found", "too_many_watches"],
    })
    .input(sync(watchInput))
    .subscription(async function* ({ ctx: { user, useCases }, input, signal = new AbortController().signal }) {
      const { userId, credential } = user;
      const subscription = {
        runId: input.run_id,
        userId,
        credential,
        lastEventId: input.lastEventId,
        knowsWaiting: input.waiting === true,
      };
      for await (const { id, event } of mapStreamErrors(useCases.runs.subscribe(subscription, signal))) {
        yield tracked(id, event);
      }
    }),

  cancel: personProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "POST",
        path: "/runs/{run_id}/cancel",
        tags: ["runs"],
        summary: "Cancel a run",
        description:
          "Ends the run at once while it is queued, otherwise when its worker releases it, and after a short grace period in any case. The text streamed so far is kept as a partial message. A run that has ended stays as it is.",
      },
      errors: ["run_not_found"],
    })
    .input(sync(runInput))
    .output(sync(runOutput))
    .mutation(({ ctx, input }) => ctx.useCases.runs.cancel({ runId: input.run_id, userId: ctx.user.userId })),

  retry: personProcedure
    .meta({
      rateLimit: "send",
      openapi: {
        method: "POST",
        path: "/runs/{run_id}/retry",
        tags: ["runs"],
        summary: "Ask the same question again",
        description:
          "After `failed`, `expired` or `cancelled`, while the question is the last of its dialog, up to 20 times. Returns the new run. Takes no question from the day's quota, but needs tokens.",
      },
      errors: [
        "run_not_found",
        "answer_awaited",
        "run_not_retryable",
        "retry_limit",
        "assistant_disabled",
        "dialog_full",
        "dialog_deleted",
        "quota_exceeded",
      ],
      status: 202,
    })
    .input(sync(runInput))
    .output(sync(runOutput))
    .mutation(({ ctx, input }) =>
      ctx.useCases.runs.retry({ runId: input.run_id, userId: ctx.user.userId }, askMetadataOf(ctx.caller)),
    ),
});
