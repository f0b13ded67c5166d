import { runInput, runOutput, startRunInput } from "../schemas/runs.ts";
import { router, userProcedure } from "../trpc.ts";
import { questionOf, runOf } from "./wire.ts";

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
});
