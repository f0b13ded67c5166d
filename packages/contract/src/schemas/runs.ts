import { z } from "zod";
import { limits } from "../limits.ts";
import { openStates, runStates } from "../run-states.ts";
import { clientMessageId, id, question, storedText, timestamp, usage } from "./fields.ts";

export const runState = z
  .enum(runStates)
  .meta({ id: "RunState", description: "`queued` and `running` are open, the others are end states" });

export const startRunInput = z.strictObject({
  dialog_id: id("Id of the dialog"),
  text_user: question,
  client_message_id: clientMessageId,
});

export const runInput = z.strictObject({ run_id: id("Id of the run") });

export const runError = z
  .object({
    code: z.string().meta({
      description: "`no_worker`, `deadline`, `attempts_spent`, or a worker's own",
      maxLength: limits.failureCodeMax,
    }),
    message: z.string().meta({ description: "The worker's own words", maxLength: limits.failureMessageMax }).nullable(),
  })
  .meta({ id: "RunError", description: "Why a run has no answer, or why its last attempt failed" });

export const runOutput = z
  .object({
    run_id: id("Id of the run"),
    dialog_id: id("Id of the dialog"),
    question_id: id("Id of the user message that it answers"),
    state: runState,
    attempt: z.int().describe("How many times a worker has taken it on"),
    created_at: timestamp("When the question was stored"),
    deadline_at: timestamp("When it expires if it is still open and its worker gives no further sign of life"),
    ended_at: timestamp("When it ended").nullable(),
    cancel_requested: z.boolean().describe("Whether it is being stopped"),
    text: storedText("The text streamed so far, while it is open").nullable(),
    answer: z
      .object({ message_id: id("Id of the message"), content: storedText("The text of the answer") })
      .nullable()
      .describe("The answer, once completed; after a cancel or a failure the text that was streamed before it"),
    usage: usage.nullable(),
    error: runError.nullable(),
  })
  .meta({ id: "Run", description: "The work on one question, from the question to its answer" });

export const watchInput = z.strictObject({
  run_id: id("Id of the run"),
  lastEventId: z
    .string()
    .max(limits.eventIdMax)
    .optional()
    .describe("Id of the last event that the client has; tRPC sets it when it comes back"),
  waiting: z
    .boolean()
    .optional()
    .describe("`true`: the client knows the event `waiting`. REST clients get it in any case, unless they say `false`"),
});

/** Data of the events of a run, by type. Order: one snapshot, then waitings, deltas and resets, then one end. */
export const runEventSchemas = {
  snapshot: z
    .object({
      type: z.literal("snapshot"),
      state: z.enum(openStates),
      attempt: z.int(),
      seq: z.int().describe("Number of the last delta in `text`"),
      text: storedText("The text streamed so far; replaces what the client has"),
    })
    .meta({ id: "SnapshotEvent" }),
  waiting: z
    .object({
      type: z.literal("waiting"),
      online: z.boolean().describe("Whether a worker serves the assistant"),
      position: z
        .int()
        .describe("Place in the line of the assistant, 1 for the first; 1000 stands for itself and all beyond"),
    })
    .meta({
      id: "WaitingEvent",
      description: "The question is still in the queue. Comes again when something changes",
    }),
  delta: z
    .object({
      type: z.literal("delta"),
      seq: z.int().describe("One more than that of the delta before"),
      text: storedText("To be added to the text"),
    })
    .meta({ id: "DeltaEvent" }),
  reset: z
    .object({
      type: z.literal("reset"),
      attempt: z.int().describe("A worker begins anew: the text so far is void"),
    })
    .meta({ id: "ResetEvent" }),
  end: z
    .object({ type: z.literal("end"), run: runOutput })
    .meta({ id: "EndEvent", description: "The last event: how it ended, with the stored answer" }),
};

/** What a subscriber of a run receives. Unknown types of later versions are to be ignored. */
export type RunEvent = {
  [Type in keyof typeof runEventSchemas]: z.infer<(typeof runEventSchemas)[Type]>;
}[keyof typeof runEventSchemas];

/** A run as it travels over the wire. */
export type WireRun = z.infer<typeof runOutput>;
