import { logoutOutput, meOutput, signInInput, signInOutput } from "../schemas/auth.ts";
import { publicProcedure, router, userProcedure } from "../trpc.ts";

export const authRouter = router({
  signIn: publicProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/create/users",
        tags: ["auth"],
        summary: "Sign in with a Google ID token",
        description: "Creates the user on the first sign-in, opens a session and sets the cookie `access_token`.",
        errorResponses: [400, 401, 503],
      },
    })
    .input(signInInput)
    .output(signInOutput)
    .mutation(async ({ ctx, input }) => {
      const person = await ctx.services.auth.signIn(input.token, ctx.caller.userAgent);
      ctx.setSessionToken(person.sessionToken);
      return {
        status: "successful" as const,
        email: person.email,
        given_name: person.givenName,
        family_name: person.familyName,
        picture: person.picture,
      };
    }),

  me: userProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/me",
        tags: ["auth"],
        summary: "The signed-in user",
        errorResponses: [401],
      },
    })
    .output(meOutput)
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
    .output(logoutOutput)
    .mutation(async ({ ctx }) => {
      await ctx.services.auth.signOut(ctx.caller.sessionToken);
      ctx.setSessionToken(null);
      return { server: "ok" as const };
    }),
});
