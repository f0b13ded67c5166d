import { configOutput, healthOutput } from "@deepbot/contract";
import { operatorProcedure, publicProcedure, router, sync } from "../trpc.ts";

export const configRouter = router({
  get: publicProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/config",
        tags: ["auth"],
        summary: "Get the configuration for front ends",
        description: "How people sign in, and the limits that the server enforces.",
      },
    })
    .output(sync(configOutput))
    .query(({ ctx }) => ctx.useCases.operations.clientConfig),
});

export const healthRouter = router({
  check: operatorProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/health",
        tags: ["original"],
        summary: "Check that the database responds",
        description: "For monitoring with a key. `GET /livez` and `GET /readyz` need none.",
      },
      errors: ["database_unavailable"],
    })
    .output(sync(healthOutput))
    .query(async ({ ctx }) => {
      await ctx.useCases.operations.checkHealth();
      return { status: "ok" as const };
    }),
});
