import { z } from "zod";
import { acceptedParts, slugForm } from "../assistants.ts";
import { limits } from "../limits.ts";
import { text, timestamp } from "./fields.ts";

/** The name of an assistant on the wire. */
export const slug = (description: string) =>
  z.string().max(limits.assistantSlugMax).regex(slugForm).describe(description);

const accepts = z.array(z.enum(acceptedParts)).min(1).max(acceptedParts.length).describe("What questions may hold");

const suggestions = z
  .array(text({ min: 1, max: limits.suggestionMax, description: "A question to begin with" }))
  .max(limits.suggestionsMax)
  .describe("Questions to begin with");

const shown = {
  slug: z.string().describe("Names the assistant in requests"),
  name: z.string(),
  description: z.string(),
  greeting: z.string().describe("What an empty dialog shows"),
  suggestions: z.array(z.string()).describe("Questions to begin with"),
  accepts: z.array(z.enum(acceptedParts)).describe("What questions may hold"),
  online: z.boolean().describe("Whether a worker is there to answer"),
};

/** What people see of an assistant. */
const shownAssistant = z.object(shown);

export type WireShownAssistant = z.infer<typeof shownAssistant>;

export const listAssistantsOutput = z.object({
  assistants: z.array(shownAssistant).describe("In the order in which they were made, without disabled ones"),
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

const assistant = z.object({
  ...shown,
  instructions: z.string().describe("For the model; workers get them with each run"),
  answer_max_ms: answerMaxMs,
  answer_max_bytes: answerMaxBytes,
  questions_per_day: questionsPerDay,
  created_at: timestamp("When it was made"),
  disabled_at: timestamp("When it was disabled; null if it takes questions").nullable(),
});

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
  assistants: z.array(assistant).describe("In the order in which they were made, disabled ones too"),
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
