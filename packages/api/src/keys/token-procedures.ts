import {
  createTokenInput,
  createTokenOutput,
  endTokenInput,
  endTokenOutput,
  listTokensOutput,
} from "@deepbot/contract";
import { recentSessionProcedure, router, sessionProcedure, sync } from "../trpc.ts";
import { lifetimeMsOf } from "./lifetime.ts";
import { toWireToken } from "./wire-token.ts";

export const tokensRouter = router({
  list: sessionProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/me/tokens",
        tags: ["account"],
        summary: "List my personal tokens",
        description: "The tokens themselves are not stored.",
      },
    })
    .output(sync(listTokensOutput))
    .query(async ({ ctx }) => ({ tokens: (await ctx.useCases.tokens.list(ctx.user.userId)).map(toWireToken) })),

  create: recentSessionProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "POST",
        path: "/me/tokens",
        tags: ["account"],
        summary: "Make a personal token",
        description:
          "For a program of one's own: sent as `Authorization: Bearer …` it acts as the person, but may not end sessions, manage tokens, delete the account or act as an operator. The response is the only one with the token. At most 20 a person. 403 `sign_in_again` when the sign-in was too long ago.",
      },
      errors: ["token_limit"],
      status: 201,
    })
    .input(sync(createTokenInput))
    .output(sync(createTokenOutput))
    .mutation(async ({ ctx: { user, useCases }, input: { name, expires_in_days: days } }) => {
      const made = await useCases.tokens.create(user.userId, { name, lifetimeMs: lifetimeMsOf(days) });
      return { ...toWireToken(made.stored), token: made.token };
    }),

  end: sessionProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "DELETE",
        path: "/me/tokens/{token_id}",
        tags: ["account"],
        summary: "End a personal token",
        description: "It stops working at once on every server, and its event streams are closed.",
      },
      errors: ["token_not_found"],
    })
    .input(sync(endTokenInput))
    .output(sync(endTokenOutput))
    .mutation(async ({ ctx: { user, useCases }, input: { token_id } }) => {
      await useCases.tokens.end(user.userId, token_id);
      return { token_id };
    }),
});
