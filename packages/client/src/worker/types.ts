import type { ClaimedRun, Client } from "../wire.ts";

export type DialogMessage = ClaimedRun["messages"][number];

/** The model's own account of what an answer cost. */
export interface Usage {
  model?: string;
  input_tokens?: number;
  output_tokens?: number;
  /** In a currency of your choice. */
  cost?: number;
}

/** A piece of an answer: text to append to what came before, or, at most once and last, its cost. */
export type AnswerPart = { kind: "text"; text: string } | { kind: "usage"; usage: Usage };

/** What an answer is made from. */
export interface RunToAnswer extends ClaimedRun {
  /** The text of the question: of the last message. */
  question: string;
}

/**
 * Streams the answer to a run; a string is a piece of its text. When the signal aborts, the stream should end soon, with
 * or without an error: nobody reads it any more.
 *
 * @throws {AnswerError} from the stream, to say why there is no answer; any other error counts as one that may pass
 */
export type Answer = (run: RunToAnswer, options: { signal: AbortSignal }) => AsyncIterable<string | AnswerPart>;

/** Why a run gets no answer: the answerer threw, or gave no text. */
export type FailureReason = { kind: "error"; error: unknown } | { kind: "empty" };

/** The report of a failed attempt. */
export interface FailureReport {
  /** A stable name of the reason, such as `model_unavailable`. */
  code: string;
  /** A sentence for the person who asked. */
  message: string;
  /** Whether another attempt may succeed. */
  retry: boolean;
  /** For the log alone, such as a status. Never a text of the dialog, and no key. */
  detail: string;
}

/** The sentences that people read in place of an answer, or under one. */
export interface WorkerTexts {
  describeFailure: (reason: FailureReason, run: ClaimedRun) => FailureReport;
  /** Ends an answer that was cut at the platform's limit. */
  truncationNote: (run: ClaimedRun) => string;
}

type WriteLog = (fields: object, message: string) => void;

/** Where the worker logs; pino's loggers fit. */
export interface WorkerLog {
  debug: WriteLog;
  info: WriteLog;
  warn: WriteLog;
  error: WriteLog;
}

export interface WorkerOptions {
  client: Client;
  /** Name of the worker in the platform's log. */
  name: string;
  /** Slugs of the assistants that it answers for; all that the key may when absent. */
  assistants?: readonly string[];
  answer: Answer;
  texts: WorkerTexts;
  log: WorkerLog;
  /** Runs at once. */
  concurrency: number;
  /** How long the platform waits for a sign of life before it gives the run to another worker. */
  leaseMs: number;
  /** How many of a dialog's newest messages come with a run. */
  historyLimit: number;
  /** How long runs may take to finish after the stop; then they are released. */
  stopGraceMs: number;
  /** Takes a run only while no other worker serves its assistant. */
  fallback: boolean;
}
