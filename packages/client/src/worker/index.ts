export { AnswerError } from "./answer-error.ts";
export { serve, type ServedWorker, type ServeOptions } from "./serve.ts";
export type {
  Answer,
  AnswerPart,
  DialogMessage,
  FailureReason,
  FailureReport,
  RunToAnswer,
  Usage,
  WorkerLog,
  WorkerTexts,
} from "./types.ts";
export type { ClaimedRun } from "../wire.ts";
