import { memo, type ReactNode } from "react";
import { AnswerText } from "./AnswerText.tsx";
import { isOpen } from "./model/message-log.ts";
import { isSameTurn, type Turn } from "./model/turns.ts";
import { QuestionText } from "./QuestionText.tsx";
import { RunEnding } from "./RunEnding.tsx";
import { RunProgress } from "./RunProgress.tsx";
import { useShowRun } from "./use-message-log.ts";
import { useRunWatch } from "./use-run-watch.ts";

type TurnProps = Pick<Turn, "question" | "answers">;

/** A turn that is over. Those out of sight are laid out only when they come near. */
export const SettledTurn = memo(function SettledTurn({ question, answers }: TurnProps): ReactNode {
  const run = question?.run ?? null;
  return (
    <li className="flex flex-col gap-4 [contain-intrinsic-size:auto_12rem] [content-visibility:auto]">
      {question !== null && <QuestionText text={question.content} />}
      {answers.map(({ message_id, content, partial }) => (
        <AnswerText key={message_id} text={content} isPartial={partial} />
      ))}
      {run !== null && answers.length === 0 && <RunEnding run={run} canRetry={false} />}
    </li>
  );
}, isSameTurn);

/**
 * The newest turn: its answer may be in the making, or may be missing and asked for again. An answer keeps its place in
 * the list from its first word to its end, and so what has been drawn of it.
 */
export function LastTurn({ question, answers }: TurnProps): ReactNode {
  const run = question?.run ?? null;
  const openRun = run !== null && isOpen(run) ? run : null;
  const { live, isInterrupted } = useRunWatch(openRun?.run_id ?? null, useShowRun());
  const grown = openRun === null ? "" : (live?.text ?? "");
  const progress = openRun !== null && <RunProgress run={openRun} live={live} isInterrupted={isInterrupted} />;
  const texts = answers.map(({ content }) => content).concat(grown === "" ? [] : [grown]);
  return (
    <li className="flex flex-col gap-4">
      {question !== null && <QuestionText text={question.content} />}
      {texts.map((text, index) => {
        const isGrowing = index === answers.length;
        return (
          <AnswerText
            key={index}
            text={text}
            isPartial={answers[index]?.partial ?? false}
            growth={isGrowing ? progress : undefined}
          />
        );
      })}
      {grown === "" && progress}
      {run !== null && openRun === null && <RunEnding run={run} canRetry hasPart={answers.length > 0} />}
    </li>
  );
}
