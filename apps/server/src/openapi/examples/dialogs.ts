import { at, ids, type Example } from "./example.ts";

const { dialog } = ids;

export const question = "Which is the longest river?";
export const answer = "The Nile, or the Amazon: geographers differ.";

const asked = { role: "user", content: question, message_id: 31, created_at: at(1), partial: false };
const answered = { role: "bot", content: answer, message_id: 32, created_at: at(1, 9), partial: false };

/** Dialogs and their messages. */
export const dialogExamples: Readonly<Record<string, Example>> = {
  "dialogs.list": { response: { server: "ok", dialogs: [{ dialog_id: dialog, dialog_name: "Rivers" }] } },
  "dialogs.create": { request: { dialog_name: "Rivers" }, response: { server: "ok", dialog } },
  "dialogs.rename": {
    request: { dialog_id: dialog, dialog_name: "Long rivers" },
    response: { server: "ok", status: true },
  },
  "dialogs.update": {
    parameters: { dialog_id: dialog },
    request: { assistant: "deepbot" },
    response: { dialog_id: dialog, dialog_name: "Long rivers", assistant: "deepbot" },
  },
  "dialogs.delete": { request: { dialog_id: dialog }, response: { server: "ok", status: "Диалог удалён" } },
  "dialogs.flag": { parameters: { dialog_id: dialog }, response: { server: "ok", content: false } },
  "dialogs.get": { parameters: { dialog_id: dialog }, response: { server: "ok", dialogs: [asked, answered] } },
  "messages.list": {
    parameters: { dialog_id: dialog, limit: 50 },
    response: {
      messages: [
        { ...asked, seq: 1, run: { run_id: 12, state: "completed", reason: null } },
        { ...answered, seq: 2, run: null },
      ],
      next_before: null,
    },
  },
  "messages.send": {
    request: { dialog_id: dialog, text_user: "And the second longest?" },
    response: { server: "ok", answer_ai: "The other one." },
  },
  "messages.pending": {
    response: {
      success: true,
      service_message: [
        { user_id: ids.user, dialog_id: dialog, content: question },
        { user_id: ids.user, dialog_id: dialog, content: "And the second longest?" },
      ],
    },
  },
  "messages.reply": {
    request: { user_id: ids.user, dialog_id: dialog, text_user: "The other one." },
    response: { server: "ok", service_message: "Сообщение записано" },
  },
};
