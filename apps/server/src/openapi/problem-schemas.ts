import { invalidInput, problem, validationIssue } from "@deepbot/contract";
import { z } from "zod";

type Json = Record<string, unknown>;

function schemaOf(schema: z.ZodType): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: "output" });
  return json;
}

const issueList = { type: "array", items: { $ref: "#/components/schemas/ValidationIssue" } };

/** Error bodies of REST, for `components.schemas`, generated from the contract. */
export function problemSchemas(): Record<string, Json> {
  const invalid = schemaOf(invalidInput);
  return {
    Problem: {
      ...schemaOf(problem),
      description: "A problem document (RFC 9457). Some codes add facts of their own, such as `run_id`.",
    },
    ValidationIssue: schemaOf(validationIssue),
    InvalidInput: {
      ...invalid,
      description: "A problem document that lists every issue of the input.",
      properties: { ...z.record(z.string(), z.unknown()).parse(invalid["properties"]), errors: issueList },
    },
  };
}
