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
  statsOutput,
  type ErrorCode,
} from "@deepbot/contract";
import type { ServiceKey } from "../identity/service-key.ts";
import { router, sync, workerProcedure } from "../trpc.ts";
import type { UseCases } from "../use-cases.ts";
import { toWireClaim } from "./claim-wire.ts";
import type { LeaseStatus } from "./report-progress.ts";

const reportErrors: readonly ErrorCode[] = [
  "run_not_found",
  "run_ended",
  "lease_expired",
  "lease_taken",
  "lease_token_wrong",
  "lease_lost",
];

interface ReportInput {
  run_id: number;
  lease_token: string;
}

const leaseOf = ({ keyId, assistantIds }: ServiceKey, { run_id, lease_token }: ReportInput) => ({
  runId: run_id,
  // As the database writes it: a token that is refused is compared as text.
  leaseToken: lease_token.toLowerCase(),
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

type AssistantStats = Awaited<ReturnType<UseCases["worker"]["stats"]>>[number];

function toWireStats({ slug, online, queued, oldestWaitMs, running, workers }: AssistantStats) {
  return {
    assistant: slug,
    online,
    queued,
    oldest_wait_ms: oldestWaitMs,
    running,
    workers: workers.map(({ name, seenAt, running: held, capacity }) => ({
      name,
      seen_at: seenAt.toISOString(),
      running: held,
      capacity,
    })),
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
          "A long poll: waits up to `wait_ms` for the first run. Each run is leased to one worker at a time. Claims are fair: one person's backlog does not delay the others. With `fallback` a worker gets runs of an assistant only while no other worker serves it. 403 `assistant_refused` for a slug that the key does not reach.",
      },
      errors: ["assistant_refused", "too_many_claims"],
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
        capacity: input.capacity ?? null,
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
          "Extends the lease and moves the deadline: a question may go two minutes (`ANSWER_DEADLINE_MS`) without a sign of life, and half an hour (`ANSWER_MAX_MS`) in all. After `cancel_requested` stop and send `release`: what was appended is kept. Any other report is taken too.",
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
          "Extends the lease and moves the deadline too. A repeated `seq` with the same text is accepted and changes nothing, with another text it is 409 `seq_conflict`; a missing one is 409 `delta_gap` with `last_seq`. All deltas together may be as long as an answer, beyond that it is 422 `answer_too_long`. `complete` without a text makes them the answer.",
      },
      errors: [...reportErrors, "delta_gap", "seq_conflict", "answer_too_long"],
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
          "Without `text` the answer is what was appended; 422 `answer_missing` if that is nothing. A repeat is accepted. 422 `answer_too_long` when it is longer than the assistant allows. After the end it is 409 `run_ended` with `state` and `ended_at`.",
      },
      errors: [...reportErrors, "answer_too_long", "answer_missing"],
      carriesAnswer: true,
    })
    .input(sync(completeInput))
    .output(sync(completeOutput))
    .mutation(async ({ ctx, input }) => {
      const { text = null, usage = null, metadata } = input;
      await ctx.useCases.worker.complete(leaseOf(ctx.key, input), { text, usage, metadata });
      return { run_id: input.run_id, state: "completed" as const };
    }),

  fail: workerProcedure("runs")
    .meta({
      openapi: {
        method: "POST",
        path: "/worker/runs/{run_id}/fail",
        tags: ["worker"],
        summary: "Report that a run could not be answered",
        description:
          "With `retry` and an attempt left the run is queued again after a back-off, until `available_at`. Otherwise it fails for good, and what was appended is kept as a partial answer, unless `discard` is true.",
      },
      errors: reportErrors,
    })
    .input(sync(failInput))
    .output(sync(failOutput))
    .mutation(async ({ ctx, input }) => {
      const failure = { errorCode: input.code, errorMessage: input.message, retry: input.retry };
      const failed = await ctx.useCases.worker.fail(leaseOf(ctx.key, input), { ...failure, discard: input.discard });
      return {
        run_id: input.run_id,
        state: failed.state,
        available_at: failed.availableAt?.toISOString() ?? null,
        attempts_left: failed.attemptsLeft,
      };
    }),

  release: workerProcedure("runs")
    .meta({
      openapi: {
        method: "POST",
        path: "/worker/runs/{run_id}/release",
        tags: ["worker"],
        summary: "Release a run",
        description:
          "Returns the run to the queue at once. The attempt does not count. After `cancel_requested` the run ends, and what was appended is kept.",
      },
      errors: reportErrors,
    })
    .input(sync(releaseInput))
    .output(sync(releaseOutput))
    .mutation(async ({ ctx, input }) => ({
      run_id: input.run_id,
      ...(await ctx.useCases.worker.release(leaseOf(ctx.key, input))),
    })),

  stats: workerProcedure("runs")
    .meta({
      openapi: {
        method: "GET",
        path: "/worker/stats",
        tags: ["worker"],
        summary: "Show queues and workers",
        description: "For each assistant of the key: how many questions wait and run, and which workers serve it.",
      },
    })
    .output(sync(statsOutput))
    .query(async ({ ctx }) => ({ assistants: (await ctx.useCases.worker.stats(ctx.key)).map(toWireStats) })),
});
