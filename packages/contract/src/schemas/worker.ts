import { z } from "zod";
import { limits } from "../limits.ts";
import { locales } from "../locale.ts";
import { slug } from "./assistants.ts";
import { messageRole } from "./messages.ts";
import {
  answerMetadata,
  answerText,
  id,
  leaseToken,
  shortText,
  storedText,
  text,
  timestamp,
  usageFields,
  uuid,
} from "./fields.ts";

const leaseMs = z
  .int()
  .min(limits.leaseMinMs)
  .max(limits.leaseMaxMs)
  .default(limits.leaseDefaultMs)
  .describe("Milliseconds from now for which the run is the worker's alone");

const lease = {
  run_id: id("Id of the run"),
  lease_token: leaseToken,
};

export const claimInput = z.strictObject({
  worker: text({ min: 1, max: limits.workerNameMax, description: "Name of the worker" }),
  assistants: z
    .array(slug("Slug of an assistant"))
    .min(1)
    .max(limits.claimAssistantsMax)
    .optional()
    .describe("Slugs of the assistants whose runs are wanted; absent: all that the key reaches"),
  max: z.int().min(1).max(limits.claimMax).default(1).describe("How many runs at most"),
  wait_ms: z
    .int()
    .min(0)
    .max(limits.claimWaitMaxMs)
    .default(limits.claimWaitMaxMs)
    .describe("Milliseconds to wait for the first run before `runs` is returned empty"),
  lease_ms: leaseMs,
  confirm_within_ms: z
    .int()
    .min(limits.confirmWithinMinMs)
    .max(limits.leaseMaxMs)
    .optional()
    .describe(
      "Milliseconds within which a first report (a heartbeat, a piece of the answer) confirms that the worker has received the runs. Without one the lease ends then, and the attempt does not count. Absent: the lease is as long as `lease_ms` at once",
    ),
  fallback: z
    .boolean()
    .default(false)
    .describe("Whether to claim runs of an assistant only while no other worker serves it, at whatever server"),
  capacity: z
    .int()
    .min(1)
    .max(limits.workerCapacityMax)
    .optional()
    .describe("How many runs the worker answers at once, for `GET /worker/stats`"),
  history_limit: z
    .int()
    .min(1)
    .max(limits.historyMax)
    .default(limits.historyDefault)
    .describe("How many of the dialog's newest messages to give with each run"),
  max_bytes: z
    .int()
    .min(1)
    .max(limits.historyMaxBytes)
    .default(limits.historyDefaultBytes)
    .describe(
      "How many bytes of UTF-8 these messages may have together, for each run. The `max` runs of a claim share 3 MiB in equal parts: above 12 each brings less than the default. The question comes in any case",
    ),
});

export const claimOutput = z.object({
  runs: z
    .array(
      z
        .object({
          run_id: id("Id of the run"),
          dialog_id: id("Id of the dialog"),
          assistant: z
            .object({
              slug: shortText("Slug of the assistant that was asked", limits.assistantSlugMax),
              instructions: shortText("Instructions of the operator for the model", limits.instructionsMax),
            })
            .meta({ id: "ClaimedAssistant" }),
          user: shortText(
            "Stands for the person: always the same text for this assistant, and another one for every other",
            64,
          ),
          user_id: id("Owner of the dialog. Only for keys that reach all assistants; others have `user`").optional(),
          locale: z.enum(locales).describe("The language in which the person reads sentences of the platform"),
          traceparent: shortText("The W3C trace context of the request that asked, if it had one", 55).optional(),
          attempt: z.int().describe("1 for the first"),
          max_attempts: z.int(),
          lease_token: uuid("Goes with every report on this run"),
          lease_until: timestamp("When the lease runs out unless a heartbeat extends it"),
          deadline_at: timestamp("When the run expires unless a heartbeat or a piece of the answer moves it"),
          messages: z
            .array(
              z
                .object({
                  message_id: id("Id of the message"),
                  role: messageRole,
                  content: storedText("The text"),
                })
                .meta({ id: "ClaimedMessage" }),
            )
            .meta({
              description: "The newest part of the dialog, oldest first; the last is the question",
              maxItems: limits.historyMax,
            }),
        })
        .meta({ id: "ClaimedRun", description: "A run that was leased to the worker, with the dialog so far" }),
    )
    .meta({ maxItems: limits.claimMax }),
});

export const heartbeatInput = z.strictObject({ ...lease, lease_ms: leaseMs });

export const heartbeatOutput = z
  .object({
    run_id: id("Id of the run"),
    lease_until: timestamp("When the lease runs out now"),
    deadline_at: timestamp("When the run expires without a further sign of life"),
    cancel_requested: z.boolean().describe("Whether the user wants no answer any more"),
  })
  .meta({ id: "Lease", description: "The lease of a worker after a report" });

export const appendInput = z.strictObject({
  ...lease,
  seq: z.int().min(1).max(limits.deltaSeqMax).describe("Number of the piece: from 1 with each claim, without gaps"),
  text: text({
    min: 1,
    max: limits.deltaMaxCharacters,
    description: "The piece; many small ones are best sent together every 30 to 60 ms",
  }),
  lease_ms: leaseMs,
});

export const completeInput = z.strictObject({
  ...lease,
  text: answerText(
    "The whole answer: up to 64 KiB of UTF-8, may be empty. Absent: what was appended is the answer",
  ).optional(),
  usage: z.strictObject(usageFields).optional().describe("Cost of the answer as the model reported it"),
  metadata: answerMetadata.optional(),
});

export const completeOutput = z.object({ run_id: id("Id of the run"), state: z.literal("completed") });

export const failInput = z.strictObject({
  ...lease,
  code: text({
    min: 1,
    max: limits.failureCodeMax,
    description: "A stable name of the reason, such as `model_unavailable`",
  }),
  message: text({ min: 1, max: limits.failureMessageMax, description: "The reason in words that the user may read" }),
  retry: z.boolean().describe("Whether another attempt may help"),
  discard: z
    .boolean()
    .default(false)
    .describe(
      "Whether to throw away what was appended. Otherwise it is kept as a partial answer if the run fails for good",
    ),
});

export const failOutput = z.object({
  run_id: id("Id of the run"),
  state: z
    .enum(["queued", "failed", "cancelled"])
    .describe("`queued` when it will be tried again, `cancelled` when the user had asked for that"),
  available_at: timestamp("When it can be claimed again; null unless it is queued").nullable(),
  attempts_left: z.int().describe("How many further attempts it has; 0 unless it is queued"),
});

export const releaseInput = z.strictObject(lease);

export const releaseOutput = z.object({
  run_id: id("Id of the run"),
  state: z.enum(["queued", "cancelled"]).describe("`cancelled` when the user had asked for that"),
});

const shownWorker = z
  .object({
    name: shortText("The name that it claims with", limits.workerNameMax),
    seen_at: timestamp("When a server last saw it claim or report; exact to some seconds"),
    running: z.int().describe("Runs that it holds, of all assistants"),
    capacity: z.int().nullable().describe("How many runs it answers at once, if it says so"),
  })
  .meta({ id: "Worker", description: "A worker that is there, or was lately" });

const assistantStats = z
  .object({
    assistant: shortText("Its slug", limits.assistantSlugMax),
    online: z.boolean().describe("Whether a worker serves it"),
    queued: z.int().describe("Questions that wait for a worker"),
    oldest_wait_ms: z.int().nullable().describe("How long the oldest of them has waited; null if there is none"),
    running: z.int().describe("Questions that are being answered"),
    workers: z.array(shownWorker).meta({
      description: "Workers that serve it, seen last first. One that vanished stays for an hour",
      maxItems: limits.workersShownPerAssistant,
    }),
  })
  .meta({ id: "AssistantStats", description: "The queue of an assistant, and who serves it" });

export const statsOutput = z.object({ assistants: z.array(assistantStats).meta({ maxItems: 500 }) });
