/** Thrown by an answer to say why there is none. */
export class AnswerError extends Error {
  /** A stable name of the reason, such as `model_unavailable`. */
  readonly code: string;
  /** Whether another attempt may succeed. */
  readonly retry: boolean;

  /** @param message a sentence for the person who asked */
  constructor(message: string, { code, retry }: { code: string; retry: boolean }) {
    super(message);
    this.name = "AnswerError";
    this.code = code;
    this.retry = retry;
  }
}
