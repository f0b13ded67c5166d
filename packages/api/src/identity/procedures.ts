import { logoutOutput, meOutput, nonceInput, nonceOutput, signInInput, signInOutput } from "@deepbot/contract";
import { personProcedure, publicProcedure, router, sync } from "../trpc.ts";
import { keepOrCreateNonce } from "./nonce.ts";

export const authRouter = router({
  nonce: publicProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/create/nonce",
        tags: ["auth"],
        summary: "Get a nonce for Google's sign-in",
        description:
          "Optional. Sets a cookie, too: from then on this browser signs in only with an ID token that carries the nonce, until the sign-in or for an hour. A token with the nonce is good in no other browser.",
      },
    })
    .input(sync(nonceInput))
    .output(sync(nonceOutput))
    .mutation(({ ctx }) => {
      const nonce = keepOrCreateNonce(ctx.caller.nonce);
      ctx.setNonce(nonce);
      return { nonce };
    }),

  signIn: publicProcedure
    .meta({
      rateLimit: "sign_in",
      openapi: {
        method: "POST",
        path: "/create/users",
        tags: ["original"],
        summary: "Sign in with a Google ID token",
        description:
          "Creates the user at the first sign-in, opens a session and sets its cookie. A token signs in once. The session that the browser had before ends, and so does a person's oldest session beyond the twentieth.",
      },
      errors: [
        "google_token_missing",
        "google_token_invalid",
        "google_unavailable",
        "sign_in_not_allowed",
        "account_blocked",
      ],
    })
    .input(sync(signInInput))
    .output(sync(signInOutput))
    .mutation(async ({ ctx, input }) => {
      // One attempt uses the nonce up, whatever becomes of it.
      if (ctx.caller.nonce !== undefined) ctx.setNonce(null);
      const person = await ctx.useCases.identity.signIn(input.token, ctx.caller);
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
    .meta({
      openapi: {
        method: "GET",
        path: "/me",
        tags: ["original"],
        summary: "Get the signed-in user",
        description: "The list has one element. Also a way to find out whether the session is alive.",
      },
    })
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
        tags: ["original"],
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
