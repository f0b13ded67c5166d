import { tracked } from "@trpc/server";
import { runEvents, runInput, runOutput, startRunInput, watchInput } from "../schemas/runs.ts";
import { mapStreamErrors, router, userProcedure } from "../trpc.ts";
import { eventOf, questionOf, runOf } from "./wire.ts";

export const runsRouter = router({
  start: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/dialogs/{dialog_id}/runs",
        tags: ["runs"],
        summary: "Send a message without waiting",
        description:
          "Stores the message and answers with its run at once. A repeat under the same `client_message_id` gets the run of the first; 409 (with `run_id`) while the dialog awaits an answer to another message.",
        errorResponses: [401, 404, 409, 410, 422],
      },
      status: 202,
    })
    .input(startRunInput)
    .output(runOutput)
    .mutation(async ({ ctx, input }) => runOf(await ctx.services.runs.start(questionOf(ctx.user.userId, input)))),

  get: userProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/runs/{run_id}",
        tags: ["runs"],
        summary: "A run and its answer",
        errorResponses: [401, 404, 422],
      },
    })
    .input(runInput)
    .output(runOutput)
    .query(async ({ ctx, input }) =>
      runOf(await ctx.services.runs.get({ runId: input.run_id, userId: ctx.user.userId })),
    ),

  watch: userProcedure
    .meta({
      events: {
        path: "/runs/{run_id}/events",
        tag: "runs",
        summary: "Watch an answer being made",
        description:
          "Server-Sent Events: `snapshot` first, then `delta` and `reset`, and one `end` with the stored answer. A client that comes back with `Last-Event-ID` gets what it missed, or a fresh `snapshot`; 204 when it has had the end.",
        errorResponses: [401, 404, 422, 503],
        data: runEvents,
      },
    })
    .input(watchInput)
    .subscription(async function* ({ ctx, input, signal }) {
      const request = {
        runId: input.run_id,
        userId: ctx.user.userId,
        sessionId: ctx.user.sessionId,
        lastEventId: input.lastEventId,
      };
      const items = ctx.services.watches.watch(request, signal ?? new AbortController().signal);
      for await (const item of mapStreamErrors(items)) {
        yield tracked(item.id, eventOf(item));
      }
    }),

  cancel: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/runs/{run_id}/cancel",
        tags: ["runs"],
        summary: "Stop",
        description:
          "Ends the run at once while it is queued, else as soon as its worker lets go, after a short grace in any case. What was said so far is kept as a partial message. A run that has ended stays as it is.",
        errorResponses: [401, 404, 422],
      },
    })
    .input(runInput)
    .output(runOutput)
    .mutation(async ({ ctx, input }) =>
      runOf(await ctx.services.runs.cancel({ runId: input.run_id, userId: ctx.user.userId })),
    ),

  retry: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/runs/{run_id}/retry",
        tags: ["runs"],
        summary: "Ask the same question again",
        description:
          "After `failed`, `expired` or `cancelled`, while the question is the dialog's last. Answers with the new run.",
        errorResponses: [401, 404, 409, 410, 422],
      },
      status: 202,
    })
    .input(runInput)
    .output(runOutput)
    .mutation(async ({ ctx, input }) =>
      runOf(await ctx.services.runs.retry({ runId: input.run_id, userId: ctx.user.userId })),
    ),
});
