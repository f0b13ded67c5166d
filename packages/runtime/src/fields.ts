import { z } from "zod";

/** A whole number from `min` to `max`. */
export function whole(min: number, max: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));
}

const levels = ["debug", "info", "warn", "error", "silent"] as const;

/** The least severe level that is logged. */
export const logLevel: z.ZodType<(typeof levels)[number], string> = z.enum(
  levels,
  "must be debug, info, warn, error or silent",
);

/** One line for each issue, with the name of the setting first. */
export function describeIssues(error: z.ZodError | undefined): string[] {
  return (error?.issues ?? []).map((issue) => `${issue.path.join(".")} ${issue.message}`);
}
