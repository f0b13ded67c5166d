import { randomUUID } from "node:crypto";
import type { Statements } from "../statements/index.ts";

/** A sign-in with a token that nobody has used. The fields that a test is about are its own to change. */
export const newSignIn = {
  givenName: null,
  familyName: null,
  picture: null,
  tokenHashes: [],
  tokenLifetimeMs: 60_000,
  lifetimeMs: 60_000,
  sessionsMax: 20,
  formerSessionId: null,
  userAgent: null,
};

/** Signs a new person in. */
export async function makeUser(statements: Statements): Promise<{ userId: number; sessionId: string }> {
  const name = randomUUID();
  const result = await statements.upsertUserWithSession({
    ...newSignIn,
    googleId: name,
    mail: `${name}@example.com`,
  });
  if (result.kind !== "opened") throw new Error("The new user could not be stored.");
  return { userId: result.userId, sessionId: result.sessionId };
}

/** A dialog of a new person. */
export async function makeDialog(statements: Statements): Promise<{ userId: number; dialogId: number }> {
  const { userId } = await makeUser(statements);
  const dialogId = await statements.insertDialog({ userId, dialogName: "test dialog", limit: 5 });
  if (dialogId === undefined) throw new Error("The new dialog could not be stored.");
  return { userId, dialogId };
}

export interface QuestionOptions {
  text?: string;
  deadlineMs?: number;
  maxAttempts?: number;
}

/** A queued question in a dialog of its own. */
export async function makeRun(
  statements: Statements,
  { text = "a question", deadlineMs = 60_000, maxAttempts = 3 }: QuestionOptions = {},
): Promise<{ userId: number; dialogId: number; runId: number }> {
  const dialog = await makeDialog(statements);
  const run = await statements.insertQuestion({ ...dialog, text, clientMessageId: null, deadlineMs, maxAttempts });
  if (run === undefined) throw new Error("The new question could not be stored.");
  return { ...dialog, runId: run.runId };
}
