import { logoutOutput, meOutput, signInInput, signInOutput } from "@deepbot/contract";
import { personProcedure, publicProcedure, router, sync } from "../trpc.ts";

export const authRouter = router({
  signIn: publicProcedure
    .meta({
      rateLimit: "sign_in",
      openapi: {
        method: "POST",
        path: "/create/users",
        tags: ["auth"],
        summary: "Sign in with a Google ID token",
        description: "Creates the user at the first sign-in, opens a session and sets the cookie `access_token`.",
      },
      errors: ["google_token_missing", "google_token_invalid", "google_unavailable"],
    })
    .input(sync(signInInput))
    .output(sync(signInOutput))
    .mutation(async ({ ctx, input }) => {
      const person = await ctx.useCases.identity.signIn(input.token, ctx.caller.userAgent);
      ctx.setSessionToken(person.sessionToken);
      return {
        status: "successful" as const,
        email: person.email,
        given_name: person.givenName,
        family_name: person.familyName,
        picture: person.picture,
      };
    }),

  me: personProcedure
    .meta({ openapi: { method: "GET", path: "/me", tags: ["auth"], summary: "Get the signed-in user" } })
    .output(sync(meOutput))
    .query(({ ctx: { user } }) => ({
      server: "ok" as const,
      content: [
        {
          id: user.userId,
          email: user.mail,
          given_name: user.givenName,
          family_name: user.familyName,
          picture: user.picture,
        },
      ],
    })),

  logout: publicProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/logout",
        tags: ["auth"],
        summary: "Sign out",
        description: "Ends the session and expires the cookie. The body is ignored.",
      },
    })
    .output(sync(logoutOutput))
    .mutation(async ({ ctx }) => {
      await ctx.useCases.identity.signOut(ctx.caller.sessionToken);
      ctx.setSessionToken(null);
      return { server: "ok" as const };
    }),
});
