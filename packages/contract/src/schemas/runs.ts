import { z } from "zod";
import { limits } from "../limits.ts";
import { openStates, runStates } from "../run-states.ts";
import { clientMessageId, id, question, timestamp, usageFields } from "./fields.ts";

export const runState = z.enum(runStates).describe("`queued` and `running` are open, the others are end states");

export const startRunInput = z.strictObject({
  dialog_id: id("Id of the dialog"),
  text_user: question,
  client_message_id: clientMessageId,
});

export const runInput = z.strictObject({ run_id: id("Id of the run") });

export const runOutput = z.object({
  run_id: id("Id of the run"),
  dialog_id: id("Id of the dialog"),
  question_id: id("Id of the user message that it answers"),
  state: runState,
  attempt: z.int().describe("How many times a worker has taken it on"),
  created_at: timestamp("When the question was stored"),
  deadline_at: timestamp("When it expires if it is still open and its worker gives no further sign of life"),
  ended_at: timestamp("When it ended").nullable(),
  cancel_requested: z.boolean().describe("Whether it is being stopped"),
  text: z.string().nullable().describe("The text streamed so far, while it is open"),
  answer: z
    .object({ message_id: id("Id of the message"), content: z.string() })
    .nullable()
    .describe("The answer, once completed; after a cancel or a failure the text that was streamed before it"),
  usage: z.object(usageFields).nullable().describe("What the model reported that the answer cost, if it did"),
  error: z
    .object({
      code: z.string().describe("`no_worker`, `deadline`, `attempts_spent`, or a worker's own"),
      message: z.string().nullable().describe("The worker's own words"),
    })
    .nullable()
    .describe("Why there is no answer, or why the last attempt failed"),
});

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
  snapshot: z.object({
    type: z.literal("snapshot"),
    state: z.enum(openStates),
    attempt: z.int(),
    seq: z.int().describe("Number of the last delta in `text`"),
    text: z.string().describe("The text streamed so far; replaces what the client has"),
  }),
  waiting: z
    .object({
      type: z.literal("waiting"),
      online: z.boolean().describe("Whether a worker serves the assistant"),
      position: z
        .int()
        .describe("Place in the line of the assistant, 1 for the first; 1000 stands for itself and all beyond"),
    })
    .describe("The question is still in the queue. Comes again when something changes"),
  delta: z.object({
    type: z.literal("delta"),
    seq: z.int().describe("One more than that of the delta before"),
    text: z.string().describe("To be added to the text"),
  }),
  reset: z.object({
    type: z.literal("reset"),
    attempt: z.int().describe("A worker begins anew: the text so far is void"),
  }),
  end: z
    .object({ type: z.literal("end"), run: runOutput })
    .describe("The last event: how it ended, with the stored answer"),
};

/** What a subscriber of a run receives. Unknown types of later versions are to be ignored. */
export type RunEvent = {
  [Type in keyof typeof runEventSchemas]: z.infer<(typeof runEventSchemas)[Type]>;
}[keyof typeof runEventSchemas];

/** A run as it travels over the wire. */
export type WireRun = z.infer<typeof runOutput>;
