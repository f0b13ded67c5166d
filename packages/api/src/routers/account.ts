import { deleteAccountInput, deleteAccountOutput, exportOutput } from "../schemas/account.ts";
import { router, userProcedure } from "../trpc.ts";
import { exportOf } from "./export-wire.ts";

export const accountRouter = router({
  export: userProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/me/export",
        tags: ["account"],
        summary: "Everything that is stored about me",
        description:
          "Profile, sessions, dialogs with their messages and runs. What is stored while the export is made may be missing. 503 while the user's last export is still being made.",
        errorResponses: [401, 404, 503],
      },
      attachment: "deepbot-export.json",
    })
    .output(exportOutput)
    .query(async ({ ctx }) => exportOf(await ctx.services.account.export(ctx.user.userId), new Date())),

  delete: userProcedure
    .meta({
      openapi: {
        method: "DELETE",
        path: "/me",
        tags: ["account"],
        summary: "Delete my account",
        description:
          "Erases the user with all sessions, dialogs, messages and runs at once and for good, cuts what is being watched and expires the cookie. Workers' reports on its runs are 404 from then on. Signing in again makes a new, empty account. Asking whether the person means it is up to the client.",
        errorResponses: [401, 404, 422],
      },
    })
    .input(deleteAccountInput)
    .output(deleteAccountOutput)
    .mutation(async ({ ctx, input: { user_id } }) => {
      await ctx.services.account.delete(ctx.user.userId, user_id);
      ctx.setSessionToken(null);
      return { user_id };
    }),
});
