export { serveWorker } from "./serve-worker.ts";
export type {
  Answer,
  AnswerPart,
  ClaimedRun,
  DialogMessage,
  FailureReason,
  FailureReport,
  Usage,
  WorkerLog,
  WorkerOptions,
  WorkerTexts,
} from "./types.ts";
