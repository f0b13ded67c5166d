import { z } from "zod";

/** Yes or no. The original wrote `True`. */
export const truth: z.ZodType<boolean, string> = z
  .string()
  .regex(/^(true|false|1|0)$/i, "must be true or false")
  .transform((text) => /^(true|1)$/i.test(text));
