import { memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { AnswerText } from "../answer/AnswerText.tsx";
import { isOpen, type Message, type MessageRun } from "../messages/message-log.ts";
import { isSameTurn, type Turn } from "../messages/turns.ts";
import { QuestionText } from "./QuestionText.tsx";
import { RunEnding } from "../runs/RunEnding.tsx";
import { RunProgress } from "../runs/RunProgress.tsx";
import { useShowRun } from "../messages/use-message-log.ts";
import { useRunSubscription } from "../runs/use-run-subscription.ts";

type TurnProps = Pick<Turn, "question" | "answers">;

/** Why an answer is partial. Of a question that was asked again, only the end of the last run is known. */
function usePartialNote(run: MessageRun | null): (answer: Message | undefined) => string | undefined {
  const { t } = useTranslation();
  return (answer) => {
    if (answer?.partial !== true) return undefined;
    return run?.state === "failed" ? t("chat.unfinished") : t("chat.partial");
  };
}

/** Any turn but the newest. The browser skips the layout of those that are far out of view. */
export const PastTurn = memo(function PastTurn({ question, answers }: TurnProps): ReactNode {
  const run = question?.run ?? null;
  const noteOf = usePartialNote(run);
  return (
    <li className="flex flex-col gap-4 [contain-intrinsic-size:auto_12rem] [content-visibility:auto]">
      {question !== null && <QuestionText text={question.content} />}
      {answers.map((answer) => (
        <AnswerText key={answer.message_id} text={answer.content} note={noteOf(answer)} />
      ))}
      {run !== null && answers.length === 0 && <RunEnding run={run} canRetry={false} />}
    </li>
  );
}, isSameTurn);

/**
 * The newest turn: the only one that can stream an answer or be retried. A streaming answer has the list position that
 * the stored answer gets, so that React keeps its elements when the run ends.
 */
export function LastTurn({ question, answers }: TurnProps): ReactNode {
  const run = question?.run ?? null;
  const noteOf = usePartialNote(run);
  const openRun = isOpen(run) ? run : null;
  const { live, isInterrupted } = useRunSubscription(openRun?.run_id ?? null, useShowRun());
  const streamedText = openRun === null ? "" : (live?.text ?? "");
  const progress = openRun !== null && <RunProgress run={openRun} live={live} isInterrupted={isInterrupted} />;
  const texts = answers.map(({ content }) => content).concat(streamedText === "" ? [] : [streamedText]);
  return (
    <li className="flex flex-col gap-4">
      {question !== null && <QuestionText text={question.content} />}
      {texts.map((text, index) => {
        const isStreaming = index === answers.length;
        return (
          <AnswerText
            key={index}
            text={text}
            note={noteOf(answers[index])}
            progress={isStreaming ? progress : undefined}
          />
        );
      })}
      {streamedText === "" && progress}
      {run !== null && openRun === null && (
        <RunEnding run={run} canRetry hasStoppedAnswer={run.state === "cancelled" && answers.length > 0} />
      )}
    </li>
  );
}
