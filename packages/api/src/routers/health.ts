import { healthOutput } from "../schemas/health.ts";
import { operatorProcedure, router } from "../trpc.ts";

export const healthRouter = router({
  check: operatorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/health",
        tags: ["health"],
        summary: "Does the database answer?",
        errorResponses: [403, 503],
      },
    })
    .output(healthOutput)
    .query(async ({ ctx }) => {
      await ctx.services.checkHealth();
      return { status: "ok" as const };
    }),
});
