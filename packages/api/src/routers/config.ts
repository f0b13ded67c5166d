import { configOutput } from "../schemas/config.ts";
import { publicProcedure, router } from "../trpc.ts";

export const configRouter = router({
  get: publicProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/config",
        tags: ["auth"],
        summary: "What a front end needs to know",
        description: "How people sign in, and the limits that the server holds them to.",
      },
    })
    .output(configOutput)
    .query(({ ctx: { services } }) => {
      const { googleClientId, ...config } = services.clientConfig;
      return {
        sign_in: googleClientId === null ? ("development" as const) : ("google" as const),
        google_client_id: googleClientId,
        dialogs_per_user: config.dialogsPerUser,
        dialog_name_min: config.dialogNameMin,
        dialog_name_max: config.dialogNameMax,
        question_min: config.questionMin,
        question_max: config.questionMax,
        message_page_max: config.messagePageMax,
        answer_deadline_ms: config.answerDeadlineMs,
      };
    }),
});
