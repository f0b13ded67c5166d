import { endAllSessionsOutput, endSessionInput, endSessionOutput, listSessionsOutput } from "../schemas/sessions.ts";
import { router, userProcedure } from "../trpc.ts";

export const sessionsRouter = router({
  list: userProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/sessions",
        tags: ["account"],
        summary: "Where am I signed in?",
        errorResponses: [401],
      },
    })
    .output(listSessionsOutput)
    .query(async ({ ctx: { services, user } }) => {
      const sessions = await services.sessions.list(user.userId);
      return {
        sessions: sessions.map(({ sessionId, createdAt, lastSeenAt, userAgent }) => ({
          session_id: sessionId,
          created_at: createdAt.toISOString(),
          last_seen_at: lastSeenAt.toISOString(),
          user_agent: userAgent,
          current: sessionId === user.sessionId,
        })),
      };
    }),

  end: userProcedure
    .meta({
      openapi: {
        method: "DELETE",
        path: "/sessions/{session_id}",
        tags: ["account"],
        summary: "Sign a device out",
        description:
          "Its cookie is worth nothing from now on, on any server, and answers that it watches are cut. The current session may be ended too.",
        errorResponses: [401, 404, 422],
      },
    })
    .input(endSessionInput)
    .output(endSessionOutput)
    .mutation(async ({ ctx, input: { session_id } }) => {
      await ctx.services.sessions.end(ctx.user.userId, session_id);
      if (session_id.toLowerCase() === ctx.user.sessionId) ctx.setSessionToken(null);
      return { session_id };
    }),

  endAll: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/logout/everywhere",
        tags: ["account"],
        summary: "Sign out on all devices",
        description: "Ends every session of the user, this one too, and expires the cookie. The body is ignored.",
        errorResponses: [401],
      },
    })
    .output(endAllSessionsOutput)
    .mutation(async ({ ctx }) => {
      const ended = await ctx.services.sessions.endAll(ctx.user.userId);
      ctx.setSessionToken(null);
      return { ended };
    }),
});
