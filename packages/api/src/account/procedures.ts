import { deleteAccountInput, deleteAccountOutput, exportOutput, usageOutput } from "@deepbot/contract";
import { JsonStream } from "../shared/json-stream.ts";
import { personProcedure, recentPersonProcedure, recentSessionProcedure, router, streamed, sync } from "../trpc.ts";
import { toWireExport, type ExportOutput } from "./export-wire.ts";
import { toWireUsage } from "./usage-wire.ts";

export const accountRouter = router({
  export: recentPersonProcedure
    .meta({
      rateLimit: "export",
      openapi: {
        method: "GET",
        path: "/me/export",
        tags: ["account"],
        summary: "Export everything that is stored about me",
        description:
          "Profile, sessions, personal tokens (not the secrets), and dialogs with their messages and runs. Data that is stored during the export may be missing. It is sent while it is read: a response that breaks off is not complete. 503 while another export of the same user is being sent. 403 `sign_in_again` when the sign-in was too long ago.",
      },
      errors: ["sign_in_again", "account_not_found", "too_many_exports"],
      attachment: "deepbot-export.json",
    })
    .output(streamed(exportOutput))
    .query(async ({ ctx }) => {
      const { data, close } = await ctx.useCases.account.export(ctx.user.userId);
      return new JsonStream<ExportOutput>(toWireExport(data, new Date()), close);
    }),

  usage: personProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/me/usage",
        tags: ["account"],
        summary: "Get what I have used today",
        description:
          "Today's counters and their limits. A question counts when it is stored. Deleting it gives nothing back; asking it again with `retry` counts nothing. Tokens count when a worker reports them, so a day may end somewhat above their limit.",
      },
      errors: ["account_not_found"],
    })
    .output(sync(usageOutput))
    .query(async ({ ctx }) => toWireUsage(await ctx.useCases.account.usage(ctx.user.userId))),

  delete: recentSessionProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "DELETE",
        path: "/me",
        tags: ["account"],
        summary: "Delete my account",
        description:
          "Irreversibly deletes the user with all sessions, dialogs, messages and runs, closes open event streams and expires the cookie. Later reports of workers on its runs get 404. Signing in again creates a new, empty account. Confirmation by the person is up to the client. 403 `sign_in_again` when the sign-in was too long ago.",
      },
      errors: ["sign_in_again", "account_not_found"],
    })
    .input(sync(deleteAccountInput))
    .output(sync(deleteAccountOutput))
    .mutation(async ({ ctx, input: { user_id } }) => {
      await ctx.useCases.account.delete(ctx.user.userId, user_id);
      ctx.setSessionToken(null);
      return { user_id };
    }),
});
