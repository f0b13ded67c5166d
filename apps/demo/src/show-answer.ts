import { subscribeRun, type Client } from "@deepbot/client";
import type { WireRun } from "@deepbot/contract";

export interface AnswerView {
  write: (text: string) => void;
  /** Called when a new attempt replaces the text that was written. */
  onRestart: () => void;
  /** Called after each piece with the answer so far. */
  onText?: (text: string) => void;
  signal: AbortSignal;
}

/** Writes an answer while it grows. Resolves with the ended run. */
export async function showAnswer(client: Client, runId: number, view: AnswerView): Promise<WireRun> {
  let written = "";
  const show = (text: string): void => {
    if (text === written) return;
    if (!text.startsWith(written)) {
      view.onRestart();
      written = "";
    }
    view.write(text.slice(written.length));
    written = text;
    view.onText?.(text);
  };
  const run = await subscribeRun(client, { runId, signal: view.signal, onProgress: ({ text }) => show(text) });
  // The last deltas may come only with the stored answer.
  if (run.answer !== null) show(run.answer.content);
  return run;
}
