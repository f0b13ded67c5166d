import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

/** A question, exactly as the person wrote it. */
export function QuestionText({ text }: { text: string }): ReactNode {
  const { t } = useTranslation();
  return (
    <article
      aria-label={t("chat.you")}
      className="max-w-[85%] self-end rounded-2xl rounded-br-md bg-accent-soft px-4 py-2.5 wrap-anywhere whitespace-pre-wrap"
    >
      {text}
    </article>
  );
}
