import { deleteAccountInput, deleteAccountOutput, exportOutput } from "@deepbot/contract";
import { personProcedure, router, sync } from "../trpc.ts";
import { toWireExport } from "./export-wire.ts";

export const accountRouter = router({
  export: personProcedure
    .meta({
      rateLimit: "export",
      openapi: {
        method: "GET",
        path: "/me/export",
        tags: ["account"],
        summary: "Export everything that is stored about me",
        description:
          "Profile, sessions, and dialogs with their messages and runs. Data that is stored during the export may be missing. 503 while a previous export of the same user is still being prepared.",
      },
      errors: ["account_not_found", "too_many_exports"],
      attachment: "deepbot-export.json",
    })
    .output(sync(exportOutput))
    .query(async ({ ctx }) => toWireExport(await ctx.useCases.account.export(ctx.user.userId), new Date())),

  delete: personProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "DELETE",
        path: "/me",
        tags: ["account"],
        summary: "Delete my account",
        description:
          "Irreversibly deletes the user with all sessions, dialogs, messages and runs, closes open event streams and expires the cookie. Later reports of workers on its runs get 404. Signing in again creates a new, empty account. Confirmation by the person is up to the client.",
      },
      errors: ["account_not_found"],
    })
    .input(sync(deleteAccountInput))
    .output(sync(deleteAccountOutput))
    .mutation(async ({ ctx, input: { user_id } }) => {
      await ctx.useCases.account.delete(ctx.user.userId, user_id);
      ctx.setSessionToken(null);
      return { user_id };
    }),
});
