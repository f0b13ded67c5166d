import { lazy, memo, Suspense, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { loadMarkdown } from "./load-markdown.ts";
import { PlainWhenBroken } from "./PlainWhenBroken.tsx";

const Markdown = lazy(loadMarkdown);

interface AnswerTextProps {
  text: string;
  /** It was stopped: this is what had been said. */
  isPartial: boolean;
  /** While it is being made: how that goes. It stands where the buttons will be, so that nothing jumps. */
  growth?: ReactNode;
}

/** An answer. Until the code that sets it is there, it is shown plain; so it is if that fails. */
export const AnswerText = memo(function AnswerText({ text, isPartial, growth }: AnswerTextProps): ReactNode {
  const { t } = useTranslation();
  const isGrowing = growth !== undefined;
  const plain = <p className="whitespace-pre-wrap">{text}</p>;
  return (
    <article aria-label={t("chat.bot")} aria-busy={isGrowing} className="flex flex-col gap-1">
      <div className="prose">
        <PlainWhenBroken plain={plain}>
          <Suspense fallback={plain}>
            <Markdown text={text} isGrowing={isGrowing} />
          </Suspense>
        </PlainWhenBroken>
      </div>
      {isPartial && <p className="text-sm text-muted">{t("chat.partial")}</p>}
      {growth ?? <div className="-ml-2.5 h-10">{text !== "" && <CopyButton label={t("chat.copy")} text={text} />}</div>}
    </article>
  );
});
