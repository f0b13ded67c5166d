import { limits, type Settings } from "../domain/limits.ts";

/** What a front end needs to know before anybody has signed in. */
export interface ClientConfig {
  /** Null while developing, when the server signs people in by itself. */
  googleClientId: string | null;
  dialogsPerUser: number;
  dialogNameMin: number;
  dialogNameMax: number;
  questionMin: number;
  questionMax: number;
  messagePageMax: number;
  answerDeadlineMs: number;
}

export function createClientConfig(options: { settings: Settings; googleClientId: string | null }): ClientConfig {
  const { dialogsPerUser, answerDeadlineMs } = options.settings;
  const { dialogNameMin, dialogNameMax, questionMin, questionMax, messagePageMax } = limits;
  return {
    googleClientId: options.googleClientId,
    dialogsPerUser,
    dialogNameMin,
    dialogNameMax,
    questionMin,
    questionMax,
    messagePageMax,
    answerDeadlineMs,
  };
}
