import { until } from "@deepbot/testing";
import type { Person } from "./api.ts";
import type { Reply } from "./http.ts";

export async function createDialog(person: Person, name = "test dialog"): Promise<number> {
  const { body } = await person.call<{ dialog: number }>("POST /dialogs/create", { json: { dialog_name: name } });
  return body.dialog;
}

export async function listDialogs(person: Person): Promise<{ dialog_id: number; dialog_name: string }[]> {
  const { body } = await person.call<{ dialogs: { dialog_id: number; dialog_name: string }[] }>("POST /dialogs");
  return body.dialogs;
}

/** A dialog as `role: content` lines, oldest first. */
export async function readDialog(person: Person, dialogId: number): Promise<string[]> {
  const { body } = await person.call<{ dialogs: { role: string; content: string }[] }>(`GET /dialogs/${dialogId}`);
  return body.dialogs.map(({ role, content }) => `${role}: ${content}`);
}

/** Whether an answer is awaited. */
export async function readFlag(person: Person, dialogId: number): Promise<boolean> {
  const { body } = await person.call<{ content: boolean }>(`GET /dialogs/flag/${dialogId}`);
  return body.content;
}

export async function untilAwaited(person: Person, dialogId: number): Promise<void> {
  await until("an answer is awaited", () => readFlag(person, dialogId));
}

export async function untilIdle(person: Person, dialogId: number): Promise<void> {
  await until("no answer is awaited", async () => !(await readFlag(person, dialogId)));
}

export interface Run {
  run_id: number;
  dialog_id: number;
  question_id: number;
  state: string;
  attempt: number;
  created_at: string;
  deadline_at: string;
  ended_at: string | null;
  /** The text streamed so far, while it is open. */
  text: string | null;
  answer: { message_id: number; content: string } | null;
  error: { code: string; message: string | null } | null;
}

/** Sends and waits for the answer. */
export function send(person: Person, dialogId: number, text: string): Promise<Reply<{ answer_ai: string }>> {
  return person.call("POST /send/message/ai", { json: { dialog_id: dialogId, text_user: text } });
}

/** Sends without waiting. */
export async function startRun(person: Person, dialogId: number, text = "a question"): Promise<Run> {
  const reply = await person.call<Run>(`POST /dialogs/${dialogId}/runs`, { json: { text_user: text } });
  if (reply.status !== 202) throw new Error(`The run was not started: ${reply.text}`);
  return reply.body;
}

export async function readRun(person: Person, runId: number): Promise<Run> {
  return (await person.call<Run>(`GET /runs/${runId}`)).body;
}
