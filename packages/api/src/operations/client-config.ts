import { configOutput, limits } from "@deepbot/contract";
import type { z } from "zod";
import type { Settings } from "../settings.ts";

export type ClientConfig = z.infer<typeof configOutput>;

/** @param options.googleClientId null in development, where the server itself signs people in */
export function createClientConfig(options: { settings: Settings; googleClientId: string | null }): ClientConfig {
  const { settings, googleClientId } = options;
  return {
    sign_in: googleClientId === null ? "development" : "google",
    google_client_id: googleClientId,
    dialogs_per_user: settings.dialogsPerUser,
    dialog_name_min: limits.dialogNameMin,
    dialog_name_max: limits.dialogNameMax,
    question_min: limits.questionMin,
    question_max: limits.questionMax,
    message_page_max: limits.messagePageMax,
    answer_deadline_ms: settings.answerDeadlineMs,
  };
}
