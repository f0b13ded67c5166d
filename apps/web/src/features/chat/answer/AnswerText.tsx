import { lazy, memo, Suspense, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { CopyButton } from "../../../ui/CopyButton.tsx";
import { loadMarkdown } from "./load-markdown.ts";
import { PlainTextFallback } from "./PlainTextFallback.tsx";

const Markdown = lazy(loadMarkdown);

interface AnswerTextProps {
  text: string;
  /** Says why the answer is not complete; absent if it is. */
  note?: string | undefined;
  /** Shown while the answer is streaming, in the place of the buttons, so that the layout does not jump. */
  progress?: ReactNode;
}

/** An answer. Plain text until the Markdown chunk is loaded, or if that fails. */
export const AnswerText = memo(function AnswerText({ text, note, progress }: AnswerTextProps): ReactNode {
  const { t } = useTranslation();
  const isStreaming = progress !== undefined;
  const plain = <p className="whitespace-pre-wrap">{text}</p>;
  return (
    <article aria-label={t("chat.bot")} aria-busy={isStreaming} className="flex flex-col gap-1">
      <div className="prose">
        <PlainTextFallback plain={plain}>
          <Suspense fallback={plain}>
            <Markdown text={text} isStreaming={isStreaming} />
          </Suspense>
        </PlainTextFallback>
      </div>
      {note !== undefined && <p className="text-sm text-muted">{note}</p>}
      {progress ?? (
        <div className="-ml-2.5 h-10">{text !== "" && <CopyButton label={t("chat.copy")} text={text} />}</div>
      )}
    </article>
  );
});
