import { z } from "zod";

export const healthOutput = z.object({ status: z.literal("ok") });
