import type { Answerer, Usage } from "../answerers/answerer.ts";
import { AnswerFailure, type FailureCode } from "../answerers/failure.ts";
import { languageOf, saidByUser } from "../answerers/language.ts";
import type { Log } from "@deepbot/runtime";
import type { ClaimedRun } from "../platform/client.ts";
import { answerMaxBytes, cleanText, fitText } from "./answer-text.ts";

/** What came of thinking. */
export type Thought =
  | { kind: "answer"; text: string; usage: Usage | undefined }
  | { kind: "failure"; code: FailureCode; detail: string };

interface ThinkDeps {
  answerer: Answerer;
  log: Log;
  signal: AbortSignal;
  /** Told every piece as it comes. */
  onText: (text: string) => void;
}

/** Reads the whole answer; stops the answerer once there is more than the platform keeps. */
async function collect({ messages }: ClaimedRun, { answerer, signal, onText }: ThinkDeps): Promise<Thought> {
  let text = "";
  let usage: Usage | undefined;
  for await (const part of answerer.answer(messages, { signal })) {
    if (part.kind === "usage") usage = part.usage;
    else {
      text += part.text;
      onText(part.text);
    }
    // A unit of a string takes a byte at least, so that this is never too early; to count bytes here would be slow.
    if (signal.aborted || text.length > answerMaxBytes) break;
  }
  if (cleanText(text).trim() === "") return { kind: "failure", code: "empty_answer", detail: "no text" };
  return { kind: "answer", text: fitText(text, languageOf(saidByUser(messages))), usage };
}

/** Answers a run's question. Never throws: what the answerer throws is a kind of answer too. */
export async function think(run: ClaimedRun, deps: ThinkDeps): Promise<Thought> {
  try {
    return await collect(run, deps);
  } catch (error) {
    if (error instanceof AnswerFailure) return { kind: "failure", code: error.code, detail: error.detail };
    const reason = error instanceof Error ? error.name : "unknown";
    if (!deps.signal.aborted) {
      deps.log.error(
        { event: "answerer_broken", run_id: run.run_id, reason },
        `The answerer broke on run ${run.run_id}`,
      );
    }
    return { kind: "failure", code: "bridge_error", detail: reason };
  }
}
