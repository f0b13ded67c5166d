import { z } from "zod";

export const configOutput = z
  .object({
    sign_in: z
      .enum(["google", "development"])
      .describe("`development`: `POST /dev/google-token` gives everybody a token for `POST /create/users`"),
    google_client_id: z
      .string()
      .meta({ description: "For Google's sign-in button; null while developing", maxLength: 255 })
      .nullable(),
    dialogs_per_user: z.int().describe("How many dialogs a person may have"),
    dialog_name_min: z.int().describe("Code points that a dialog's name has at least"),
    dialog_name_max: z.int().describe("Code points that a dialog's name has at most"),
    question_min: z.int().describe("Code points that a message has at least"),
    question_max: z.int().describe("Code points that a message has at most"),
    message_page_max: z.int().describe("How many messages `GET /dialogs/{dialog_id}/messages` gives at most"),
    answer_deadline_ms: z.int().describe("Milliseconds from a question to `expired`"),
  })
  .meta({ id: "Config" });
