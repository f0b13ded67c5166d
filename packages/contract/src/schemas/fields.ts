import { z } from "zod";
import { limits } from "../limits.ts";
import { codePointLength, isStorable, utf8Length } from "../text.ts";
import { notALeaseToken } from "../validation-messages.ts";

/** An id: a JSON number. Any whole number is well-formed; one that names nothing is not found. */
export const id = (description: string) => z.int().describe(description);

const storable = () =>
  z.string().check((context) => {
    if (!isStorable(context.value)) context.issues.push({ code: "custom", input: context.value });
  });

/** A text of `min` to `max` code points, not trimmed. */
export const text = ({ min, max, description }: { min: number; max: number; description: string }) =>
  storable()
    .check(({ value, issues }) => {
      const length = codePointLength(value);
      const common = { origin: "string", inclusive: true, input: value } as const;
      if (length < min) issues.push({ code: "too_small", minimum: min, ...common });
      if (length > max) issues.push({ code: "too_big", maximum: max, ...common });
    })
    .meta({ description, minLength: min, maxLength: max });

/** The text of an answer: any length up to 64 KiB of UTF-8, may be empty. */
export const answerText = (description: string) =>
  storable()
    .check(({ value, issues }) => {
      const maximum = limits.answerMaxBytes;
      if (utf8Length(value) > maximum) {
        issues.push({ code: "too_big", maximum, origin: "bytes", inclusive: true, input: value });
      }
    })
    .meta({ description, maxLength: limits.answerMaxBytes });

export const uuid = (description: string) => z.uuid().describe(description);

/** A text of the platform in a response: at most as long as an answer. */
export const storedText = (description: string) => z.string().meta({ description, maxLength: limits.answerMaxBytes });

/** A text in a response of at most `maxLength` characters. */
export const shortText = (description: string, maxLength: number) => z.string().meta({ description, maxLength });

/** The token of a lease. */
export const leaseToken = z
  .uuid({ error: ({ input }) => (input === undefined ? undefined : notALeaseToken) })
  .describe("The token that the claim gave");

/** Everything in a JSON value that is text, keys included. */
function textsOf(value: unknown): string[] {
  const texts: string[] = [];
  JSON.stringify(value, (key: string, item: unknown) => {
    texts.push(key, ...(typeof item === "string" ? [item] : []));
    return item;
  });
  return texts;
}

/** An object of the worker's own making that is stored with the answer. */
export const answerMetadata = z
  .record(z.string(), z.unknown())
  .check(({ value, issues }) => {
    const maximum = limits.answerMetadataMaxBytes;
    if (utf8Length(JSON.stringify(value)) > maximum) {
      issues.push({ code: "too_big", maximum, origin: "bytes", inclusive: true, input: value });
    }
    if (!textsOf(value).every(isStorable)) issues.push({ code: "custom", input: value });
  })
  .describe("Any object to be stored with the answer, up to 4 KiB as JSON");

/** A point in time: ISO 8601 in UTC. */
export const timestamp = (description: string) => z.iso.datetime().describe(description);

export const serverOk = z.literal("ok").describe("Always `ok`");

export const dialogName = text({
  min: limits.dialogNameMin,
  max: limits.dialogNameMax,
  description: "Name of the dialog; lengths count code points",
});

export const question = text({
  min: limits.questionMin,
  max: limits.questionMax,
  description: "The user's message; lengths count code points",
});

export const clientMessageId = z
  .uuid()
  .optional()
  .describe("The client's own id of the message: a repeat under the same id is the same message");

/** The cost of one answer, as its model reports it. */
export const usageFields = {
  model: text({ min: 1, max: 200, description: "The model that answered" }).optional(),
  input_tokens: z.int().min(0).optional(),
  output_tokens: z.int().min(0).optional(),
  cost: z.number().min(0).optional().describe("Cost, in the currency of the worker's choice"),
};

export const usage = z
  .object(usageFields)
  .meta({ id: "Usage", description: "Cost of the answer as the model reported it, if it did" });

export type Usage = z.infer<typeof usage>;
