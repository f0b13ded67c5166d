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
  type ErrorCode,
} from "@deepbot/contract";
import type { ServiceKey } from "../identity/service-key.ts";
import { router, sync, workerProcedure } from "../trpc.ts";
import { toWireClaim } from "./claim-wire.ts";
import type { LeaseStatus } from "./report-progress.ts";

const reportErrors: readonly ErrorCode[] = ["run_not_found", "run_ended", "lease_lost"];

interface ReportInput {
  run_id: number;
  lease_token: string;
}

const leaseOf = ({ keyId, assistantIds }: ServiceKey, { run_id, lease_token }: ReportInput) => ({
  runId: run_id,
  leaseToken: lease_token,
  keyId,
  assistantIds,
});

function toWireLease(runId: number, status: LeaseStatus) {
  return {
    run_id: runId,
    lease_until: status.leaseUntil.toISOString(),
    deadline_at: status.deadlineAt.toISOString(),
    cancel_requested: status.cancelRequested,
  };
}

export const workerRouter = router({
  claim: workerProcedure("runs")
    .meta({
      rateLimit: "claim",
      openapi: {
        method: "POST",
        path: "/worker/claim",
        tags: ["worker"],
        summary: "Claim runs",
        description:
          "A long poll: waits up to `wait_ms` for the first run. Each run is leased to one worker at a time. The order is fair between people: much that one of them has asked does not hold up the others. With `fallback` a worker gets a run only while no other worker is waiting. 403 `assistant_refused` for a slug that the key does not reach.",
      },
      errors: ["assistant_refused"],
    })
    .input(sync(claimInput))
    .output(sync(claimOutput))
    .mutation(async ({ ctx, input, signal }) => {
      const claim = {
        key: ctx.key,
        worker: input.worker,
        assistants: input.assistants,
        max: input.max,
        waitMs: input.wait_ms,
        leaseMs: input.lease_ms,
        confirmWithinMs: input.confirm_within_ms ?? null,
        historyLimit: input.history_limit,
        maxBytes: input.max_bytes,
        fallback: input.fallback,
      };
      const { worker, keys, pseudonym } = ctx.useCases;
      const claimed = await keys.whileLive(ctx.key, signal, (live) => worker.claim(claim, live));
      return { runs: claimed.map((run) => toWireClaim(run, { key: ctx.key, pseudonym })) };
    }),

  heartbeat: workerProcedure("runs")
    .meta({
      openapi: {
        method: "POST",
        path: "/worker/runs/{run_id}/heartbeat",
        tags: ["worker"],
        summary: "Extend a lease",
        description:
          "Extends the lease, but never the deadline. 409 `lease_lost` when the worker no longer holds the lease.",
      },
      errors: reportErrors,
    })
    .input(sync(heartbeatInput))
    .output(sync(heartbeatOutput))
    .mutation(async ({ ctx, input }) =>
      toWireLease(input.run_id, await ctx.useCases.worker.heartbeat(leaseOf(ctx.key, input), input.lease_ms)),
    ),

  append: workerProcedure("runs")
    .meta({
      openapi: {
        method: "POST",
        path: "/worker/runs/{run_id}/append",
        tags: ["worker"],
        summary: "Stream a delta of the answer",
        description:
          "Extends the lease too. A repeated `seq` is accepted and changes nothing; a missing one is 409 `delta_gap` with `last_seq`. All deltas together may be as long as an answer, beyond that it is 422 `answer_too_long`. The whole answer still goes to `complete`.",
      },
      errors: [...reportErrors, "delta_gap", "answer_too_long"],
    })
    .input(sync(appendInput))
    .output(sync(heartbeatOutput))
    .mutation(async ({ ctx, input }) => {
      const delta = { seq: input.seq, text: input.text, leaseMs: input.lease_ms };
      return toWireLease(input.run_id, await ctx.useCases.worker.append(leaseOf(ctx.key, input), delta));
    }),

  complete: workerProcedure("runs")
    .meta({
      openapi: {
        method: "POST",
        path: "/worker/runs/{run_id}/complete",
        tags: ["worker"],
        summary: "Complete a run with its answer",
        description:
          "A repeat with the same text is accepted. 422 `answer_too_long` when it is longer than the assistant allows. 409 `lease_lost` when the worker no longer holds the lease.",
      },
      errors: [...reportErrors, "answer_too_long"],
      carriesAnswer: true,
    })
    .input(sync(completeInput))
    .output(sync(completeOutput))
    .mutation(async ({ ctx, input }) => {
      await ctx.useCases.worker.complete(leaseOf(ctx.key, input), input.text, input.usage ?? null);
      return { run_id: input.run_id, state: "completed" as const };
    }),

  fail: workerProcedure("runs")
    .meta({
      openapi: {
        method: "POST",
        path: "/worker/runs/{run_id}/fail",
        tags: ["worker"],
        summary: "Report that a run could not be answered",
        description: "With `retry` and an attempt left the run is queued again after a back-off.",
      },
      errors: reportErrors,
    })
    .input(sync(failInput))
    .output(sync(failOutput))
    .mutation(async ({ ctx, input }) => {
      const failure = { errorCode: input.code, errorMessage: input.message, retry: input.retry };
      return { run_id: input.run_id, ...(await ctx.useCases.worker.fail(leaseOf(ctx.key, input), failure)) };
    }),

  release: workerProcedure("runs")
    .meta({
      openapi: {
        method: "POST",
        path: "/worker/runs/{run_id}/release",
        tags: ["worker"],
        summary: "Release a run",
        description: "Returns the run to the queue at once. The attempt does not count.",
      },
      errors: reportErrors,
    })
    .input(sync(releaseInput))
    .output(sync(releaseOutput))
    .mutation(async ({ ctx, input }) => ({
      run_id: input.run_id,
      ...(await ctx.useCases.worker.release(leaseOf(ctx.key, input))),
    })),
});
