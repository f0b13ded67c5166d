import { endAllSessionsOutput, endSessionInput, endSessionOutput, listSessionsOutput } from "@deepbot/contract";
import { personProcedure, router, sessionProcedure, sync } from "../trpc.ts";

export const sessionsRouter = router({
  list: personProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/sessions",
        tags: ["account"],
        summary: "List my sessions",
        description: "Every device on which the person is signed in; `current` marks the one that asks.",
      },
    })
    .output(sync(listSessionsOutput))
    .query(async ({ ctx: { useCases, user } }) => {
      const sessions = await useCases.sessions.list(user.userId);
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

  end: sessionProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "DELETE",
        path: "/sessions/{session_id}",
        tags: ["account"],
        summary: "End a session",
        description:
          "Its cookie stops working at once on every server, and its event streams are closed. The current session can be ended too. 403 `token_not_allowed` for a personal token.",
      },
      errors: ["session_not_found"],
    })
    .input(sync(endSessionInput))
    .output(sync(endSessionOutput))
    .mutation(async ({ ctx, input: { session_id } }) => {
      await ctx.useCases.sessions.end(ctx.user.userId, session_id);
      if (session_id.toLowerCase() === ctx.user.sessionId) ctx.setSessionToken(null);
      return { session_id };
    }),

  endAll: sessionProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "POST",
        path: "/logout/everywhere",
        tags: ["account"],
        summary: "Sign out everywhere",
        description:
          "Ends every session of the user, including this one, and every personal token, and expires the cookie. The body is ignored.",
      },
    })
    .output(sync(endAllSessionsOutput))
    .mutation(async ({ ctx }) => {
      const ended = await ctx.useCases.sessions.endAll(ctx.user.userId);
      ctx.setSessionToken(null);
      return { ended };
    }),
});
