import { limits } from "@deepbot/contract";
import { cleanText, fitText } from "./answer-text.ts";
import type { ClaimedRun } from "../wire.ts";
import type { AnswerPart, FailureReport, Usage, WorkerOptions } from "./types.ts";

/** The result of one attempt at an answer. */
export type Outcome =
  | { kind: "answer"; text: string; usage: Usage | undefined }
  | { kind: "failure"; report: FailureReport };

interface CollectDeps extends Pick<WorkerOptions, "answer" | "texts"> {
  signal: AbortSignal;
  /** Called with each piece as it comes. */
  onText: (text: string) => void;
}

function toPart(given: string | AnswerPart): AnswerPart {
  return typeof given === "string" ? { kind: "text", text: given } : given;
}

/** Reads the whole answer, and stops the answerer once there is more than the platform stores. */
async function readAnswer(run: ClaimedRun, { answer, texts, signal, onText }: CollectDeps): Promise<Outcome | null> {
  let text = "";
  let usage: Usage | undefined;
  const question = run.messages.at(-1)?.content ?? "";
  for await (const given of answer({ ...run, question }, { signal })) {
    if (signal.aborted) return null;
    const part = toPart(given);
    if (part.kind === "usage") usage = part.usage;
    else {
      text += part.text;
      onText(part.text);
    }
    // Each UTF-16 unit takes at least one byte, so this never stops too early. Counting bytes here would be slow.
    if (text.length > limits.answerMaxBytes) break;
  }
  if (signal.aborted) return null;
  if (cleanText(text).trim() === "") return { kind: "failure", report: texts.describeFailure({ kind: "empty" }, run) };
  return { kind: "answer", text: fitText(text, texts.truncationNote(run)), usage };
}

/** Answers a run. An error of the answerer becomes the report of a failure. Null when the signal aborted first. */
export async function collectAnswer(run: ClaimedRun, deps: CollectDeps): Promise<Outcome | null> {
  try {
    return await readAnswer(run, deps);
  } catch (error) {
    if (deps.signal.aborted) return null;
    return { kind: "failure", report: deps.texts.describeFailure({ kind: "error", error }, run) };
  }
}
