import { z } from "zod";
import { errorCodes } from "../errors.ts";

/** One problem of an input, in the shape that clients of the original back end know. */
export const validationIssue = z.object({
  loc: z.array(z.union([z.string(), z.int()])).describe("`body`, `path` or `query`, then the keys down to the value"),
  msg: z.string().meta({ description: "What is wrong with the value, in the language of `detail`", maxLength: 200 }),
  type: z.string().meta({ description: "A stable name of the kind of problem, such as `missing`", maxLength: 40 }),
});
export type ValidationIssue = z.infer<typeof validationIssue>;

/**
 * An error body, `application/problem+json`. tRPC carries the same facts in `error.data`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export const problem = z.looseObject({
  type: z.string().meta({
    description: "Address of a page about the code, such as `/docs/problems/dialog_not_found`",
    maxLength: 100,
  }),
  title: z.string().meta({ description: "Reason phrase of the status", maxLength: 40 }),
  status: z.int(),
  detail: z.string().describe("A sentence for a person, in Russian if `Accept-Language` prefers it, else in English"),
  code: z.enum(errorCodes).describe("A stable name of the error, such as `dialog_not_found`"),
  request_id: z.string().meta({ description: "Identifies the request in the server's log", maxLength: 128 }),
});

/** A problem that lists every issue of the input. */
export const invalidInput = problem.extend({ errors: z.array(validationIssue).optional() });

export type Problem = z.infer<typeof invalidInput>;
