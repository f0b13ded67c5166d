import {
  createKeyInput,
  createKeyOutput,
  listKeysOutput,
  revokeKeyInput,
  revokeKeyOutput,
  updateKeyInput,
  updateKeyOutput,
} from "@deepbot/contract";
import { adminProcedure, recentAdminProcedure, router, sync } from "../trpc.ts";
import { lifetimeMsOf } from "./lifetime.ts";
import { toWireKey } from "./wire-key.ts";

export const keysRouter = router({
  list: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/operator/keys",
        tags: ["operator"],
        summary: "List the service keys",
        description:
          "Revoked ones too, because leases and the audit log name them. The keys themselves are not stored.",
      },
    })
    .output(sync(listKeysOutput))
    .query(async ({ ctx }) => ({ keys: (await ctx.useCases.keys.list()).map(toWireKey) })),

  create: recentAdminProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "POST",
        path: "/operator/keys",
        tags: ["operator"],
        summary: "Make a service key",
        description:
          "For one worker or one maker. The response is the only one with the key. 403 `sign_in_again` when the sign-in was too long ago.",
      },
      errors: ["key_limit", "assistant_unknown"],
      status: 201,
    })
    .input(sync(createKeyInput))
    .output(sync(createKeyOutput))
    .mutation(async ({ ctx: { user, useCases }, input }) => {
      const { expires_in_days: days, ...grant } = input;
      const made = await useCases.keys.create(user.userId, { ...grant, lifetimeMs: lifetimeMsOf(days) });
      return { ...toWireKey(made.stored), key: made.key };
    }),

  update: recentAdminProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "PATCH",
        path: "/operator/keys/{key_id}",
        tags: ["operator"],
        summary: "Change a service key",
        description:
          "Changes what the body names and leaves the rest, on every server within a second. A revoked key cannot be changed. 403 `sign_in_again` when the sign-in was too long ago.",
      },
      errors: ["key_not_found", "assistant_unknown"],
    })
    .input(sync(updateKeyInput))
    .output(sync(updateKeyOutput))
    .mutation(async ({ ctx: { user, useCases }, input }) => {
      const { key_id, expires_in_days: days, ...change } = input;
      const lifetimeMs = days === undefined ? undefined : lifetimeMsOf(days);
      return toWireKey(await useCases.keys.update(user.userId, key_id, { ...change, lifetimeMs }));
    }),

  revoke: adminProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "DELETE",
        path: "/operator/keys/{key_id}",
        tags: ["operator"],
        summary: "Revoke a service key",
        description:
          "The key is refused at once. Its claims that wait end with 401, and its runs go back to the queue without losing an attempt, on every server within a second.",
      },
      errors: ["key_not_found"],
    })
    .input(sync(revokeKeyInput))
    .output(sync(revokeKeyOutput))
    .mutation(async ({ ctx: { user, useCases }, input: { key_id } }) => {
      await useCases.keys.revoke(user.userId, key_id);
      return { key_id };
    }),
});
