import { z } from "zod";
import { runStates } from "../run-states.ts";

/** Members of error bodies that only some codes have. */
export const factSchemas = {
  run_id: z.int().describe("Id of the run that the error is about"),
  limit: z.int().describe("The limit that was reached"),
  last_seq: z.int().describe("Number of the last delta that is stored; the next one must be one more"),
  seq: z.int().describe("Number of the delta that is stored with another text"),
  state: z.enum(runStates).describe("The state in which the run has ended"),
  ended_at: z.iso.datetime().describe("When the run ended"),
  lease_until: z.iso.datetime().describe("When the present lease of the run ends, whoever holds it"),
  quota: z
    .enum(["questions", "question_bytes", "tokens", "assistant_questions"])
    .describe("Which quota of the day is used up: of the person, or the person's questions to this assistant"),
  resets_at: z.iso.datetime().describe("When the day ends, and the quotas are whole again"),
  policy: z.string().meta({ description: "Which rate limit was reached, as in the header `RateLimit`", maxLength: 40 }),
  retry_after: z.int().describe("Seconds until the rate limit lets the next request through"),
  path: z.string().meta({ description: "The path of the request, cut to 200 characters", maxLength: 200 }),
  assistant: z.string().meta({ description: "Slug of the assistant that the error is about", maxLength: 63 }),
  scope: z.string().meta({ description: "The scope that the key lacks", maxLength: 20 }),
  encoding: z.string().meta({ description: "The content coding of the body that was sent", maxLength: 20 }),
} as const;

export type FactName = keyof typeof factSchemas;
