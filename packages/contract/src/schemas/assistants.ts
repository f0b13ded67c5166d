import { z } from "zod";
import { acceptedParts, slugForm } from "../assistants.ts";
import { limits } from "../limits.ts";
import { shortText, text, timestamp } from "./fields.ts";

/** The name of an assistant on the wire. */
export const slug = (description: string) =>
  z.string().max(limits.assistantSlugMax).regex(slugForm).describe(description);

const accepts = z.array(z.enum(acceptedParts)).min(1).max(acceptedParts.length).describe("What questions may hold");

const suggestions = z
  .array(text({ min: 1, max: limits.suggestionMax, description: "A question to begin with" }))
  .max(limits.suggestionsMax)
  .describe("Questions to begin with");

const shown = {
  slug: shortText("Names the assistant in requests", limits.assistantSlugMax),
  name: shortText("For people", limits.assistantNameMax),
  description: shortText("For people who choose one", limits.assistantDescriptionMax),
  greeting: shortText("What an empty dialog shows", limits.assistantGreetingMax),
  suggestions: z
    .array(shortText("A question to begin with", limits.suggestionMax))
    .meta({ description: "Questions to begin with", maxItems: limits.suggestionsMax }),
  accepts: z
    .array(z.enum(acceptedParts))
    .meta({ description: "What questions may hold", maxItems: acceptedParts.length }),
  online: z.boolean().describe("Whether a worker is there to answer"),
};

/** What people see of an assistant. */
const shownAssistant = z.object(shown).meta({ id: "Assistant" });

export type WireShownAssistant = z.infer<typeof shownAssistant>;

export const listAssistantsOutput = z.object({
  assistants: z.array(shownAssistant).meta({
    description: "In the order in which they were made, without disabled ones",
    maxItems: 500,
  }),
});

const answerMaxMs = z
  .int()
  .min(1)
  .max(limits.answerMaxMs)
  .nullable()
  .describe("Longest time from a question to its answer; null: the platform's");

const answerMaxBytes = z
  .int()
  .min(1)
  .max(limits.answerMaxBytes)
  .nullable()
  .describe("Longest answer in bytes of UTF-8; null: the platform's");

const questionsPerDay = z
  .int()
  .min(1)
  .max(1_000_000_000)
  .nullable()
  .describe(
    "Questions that one person may ask it on a day (UTC), within their own quotas; null: as many as those allow",
  );

const assistant = z
  .object({
    ...shown,
    instructions: shortText("For the model; workers get them with each run", limits.instructionsMax),
    answer_max_ms: answerMaxMs,
    answer_max_bytes: answerMaxBytes,
    questions_per_day: questionsPerDay,
    created_at: timestamp("When it was made"),
    disabled_at: timestamp("When it was disabled; null if it takes questions").nullable(),
  })
  .meta({ id: "OperatorAssistant" });

export type WireAssistant = z.infer<typeof assistant>;

const changeable = {
  name: text({ min: 1, max: limits.assistantNameMax, description: "For people" }),
  description: text({ min: 0, max: limits.assistantDescriptionMax, description: "For people who choose one" }),
  greeting: text({ min: 0, max: limits.assistantGreetingMax, description: "What an empty dialog shows" }),
  suggestions,
  instructions: text({ min: 0, max: limits.instructionsMax, description: "For the model" }),
  accepts,
  answer_max_ms: answerMaxMs,
  answer_max_bytes: answerMaxBytes,
  questions_per_day: questionsPerDay,
};

export const assistantOutput = assistant;

export const listAllAssistantsOutput = z.object({
  assistants: z
    .array(assistant)
    .meta({ description: "In the order in which they were made, disabled ones too", maxItems: 500 }),
});

export const createAssistantInput = z.strictObject({
  slug: slug("Lower-case letters, digits and hyphens; names the assistant in requests"),
  name: changeable.name,
  description: changeable.description.default(""),
  greeting: changeable.greeting.default(""),
  suggestions: suggestions.default([]),
  instructions: changeable.instructions.default(""),
  accepts: accepts.default(["text"]),
  answer_max_ms: answerMaxMs.default(null),
  answer_max_bytes: answerMaxBytes.default(null),
  questions_per_day: questionsPerDay.default(null),
});

export const updateAssistantInput = z.strictObject({
  slug: slug("The assistant"),
  new_slug: slug("Its slug from now on. Dialogs, keys and workers stay with it").optional(),
  ...z.object(changeable).partial().shape,
  disabled: z.literal(false).optional().describe("Lets a disabled assistant take questions again"),
});

export const disableAssistantInput = z.strictObject({ slug: slug("The assistant") });
