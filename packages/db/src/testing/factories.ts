import { randomUUID } from "node:crypto";
import type { AskMetadata } from "../statements/ask.ts";
import type { Quotas } from "../statements/quotas.ts";
import { environmentKeyId } from "../schema/index.ts";
import type { Statements } from "../statements/index.ts";

/** Quotas that no test reaches by accident. */
export const ampleQuotas: Quotas = {
  questionsPerDay: 1_000_000,
  questionBytesPerDay: 1_000_000_000,
  tokensPerDay: null,
  messagesPerDialog: 1_000_000,
};

/** A claim of one run at once, whole and for a minute. Tests name what they care about. */
export const anyClaim: Parameters<Statements["claimRuns"]>[0] = {
  worker: "w",
  assistantIds: null,
  keyId: environmentKeyId,
  max: 1,
  leaseMs: 60_000,
  confirmWithinMs: null,
  historyLimit: 100,
  maxBytes: 1_000_000,
  exceptAssistantIds: [],
  movesClock: true,
};

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

/** Deadlines that no test reaches by accident. */
export const anyTimes = { deadlineMs: 60_000, maxMs: 600_000 };

export interface QuestionOptions {
  text?: string;
  deadlineMs?: number;
  maxAttempts?: number;
  quotas?: Quotas;
}

const english: AskMetadata = { locale: "en" };

/** What {@link Statements.insertQuestion} needs beside the dialog and the text. */
export const anyQuestion = {
  clientMessageId: null,
  deadlineMs: 60_000,
  maxAttempts: 3,
  quotas: ampleQuotas,
  metadata: english,
};

/** What {@link Statements.insertRetry} needs beside the run. */
export const anyRetry = {
  deadlineMs: 60_000,
  maxAttempts: 3,
  maxRuns: 100,
  quotas: ampleQuotas,
  metadata: english,
};

/** A queued question in a dialog of its own. */
export async function makeRun(
  statements: Statements,
  { text = "a question", ...options }: QuestionOptions = {},
): Promise<{ userId: number; dialogId: number; runId: number }> {
  const dialog = await makeDialog(statements);
  const run = await statements.insertQuestion({ ...anyQuestion, ...options, ...dialog, text });
  if (run === undefined) throw new Error("The new question could not be stored.");
  return { ...dialog, runId: run.runId };
}
