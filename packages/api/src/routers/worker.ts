import {
  appendInput,
  claimInput,
  claimOutput,
  completeInput,
  completeOutput,
  failInput,
  failOutput,
  heartbeatInput,
  heartbeatOutput,
  releaseInput,
  releaseOutput,
} from "../schemas/worker.ts";
import { router, serviceProcedure } from "../trpc.ts";
import { claimedRunOf, leaseOf, leaseStatusOf } from "./wire.ts";

const reportErrors = [403, 404, 409, 422];

export const workerRouter = router({
  claim: serviceProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/worker/claim",
        tags: ["ai"],
        summary: "Take runs to answer",
        description:
          "A long poll: waits up to `wait_ms` for the first run. Each run is leased to one worker at a time.",
        errorResponses: [403, 422],
      },
    })
    .input(claimInput)
    .output(claimOutput)
    .mutation(async ({ ctx, input, signal }) => {
      const claimed = await ctx.services.worker.claim(
        {
          worker: input.worker,
          max: input.max,
          waitMs: input.wait_ms,
          leaseMs: input.lease_ms,
          historyLimit: input.history_limit,
        },
        signal,
      );
      return { runs: claimed.map(claimedRunOf) };
    }),

  heartbeat: serviceProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/worker/runs/{run_id}/heartbeat",
        tags: ["ai"],
        summary: "Keep a run",
        description: "Extends the lease, never the deadline. 409 `lease_lost` when the lease is not the worker's.",
        errorResponses: reportErrors,
      },
    })
    .input(heartbeatInput)
    .output(heartbeatOutput)
    .mutation(async ({ ctx, input }) => {
      const status = await ctx.services.worker.heartbeat(leaseOf(input), input.lease_ms);
      return leaseStatusOf(input.run_id, status);
    }),

  append: serviceProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/worker/runs/{run_id}/append",
        tags: ["ai"],
        summary: "Stream a piece of the answer",
        description:
          "Extends the lease too. A repeated `seq` is harmless; a missing one is 409 `delta_gap` with `last_seq`. All pieces together may have as much text as an answer; beyond that it is 422 `answer_too_long`. The whole answer still goes to `complete`.",
        errorResponses: reportErrors,
      },
    })
    .input(appendInput)
    .output(heartbeatOutput)
    .mutation(async ({ ctx, input }) => {
      const delta = { seq: input.seq, text: input.text, leaseMs: input.lease_ms };
      return leaseStatusOf(input.run_id, await ctx.services.worker.append(leaseOf(input), delta));
    }),

  complete: serviceProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/worker/runs/{run_id}/complete",
        tags: ["ai"],
        summary: "Answer a run",
        description: "A repeat with the same text is accepted. 409 `lease_lost` when the lease is not the worker's.",
        errorResponses: [...reportErrors, 413],
      },
      carriesAnswer: true,
    })
    .input(completeInput)
    .output(completeOutput)
    .mutation(async ({ ctx, input }) => {
      await ctx.services.worker.complete(leaseOf(input), input.text, input.usage ?? null);
      return { run_id: input.run_id, state: "completed" as const };
    }),

  fail: serviceProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/worker/runs/{run_id}/fail",
        tags: ["ai"],
        summary: "Report that a run could not be answered",
        description: "With `retry` and an attempt left the run is queued again after a pause.",
        errorResponses: reportErrors,
      },
    })
    .input(failInput)
    .output(failOutput)
    .mutation(async ({ ctx, input }) => {
      const { state } = await ctx.services.worker.fail(leaseOf(input), {
        errorCode: input.code,
        errorMessage: input.message,
        retry: input.retry,
      });
      return { run_id: input.run_id, state };
    }),

  release: serviceProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/worker/runs/{run_id}/release",
        tags: ["ai"],
        summary: "Give a run back",
        description: "Another worker may take it at once, and the attempt does not count.",
        errorResponses: reportErrors,
      },
    })
    .input(releaseInput)
    .output(releaseOutput)
    .mutation(async ({ ctx, input }) => {
      const { state } = await ctx.services.worker.release(leaseOf(input));
      return { run_id: input.run_id, state };
    }),
});
