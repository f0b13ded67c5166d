import type { Element } from "hast";
import { createContext, lazy, Suspense, use, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { CopyButton } from "../../../../ui/CopyButton.tsx";
import { readCode } from "./read-code.ts";

/** Whether the block is still streaming. Code is highlighted once it is complete. */
export const StreamingContext = createContext(false);

const HighlightedCode = lazy(async () => ({ default: (await import("./HighlightedCode.tsx")).HighlightedCode }));

/** A code block with its language and a copy button. */
export function CodeBlock({ node }: { node: Element | undefined }): ReactNode {
  const { t } = useTranslation();
  const isStreaming = use(StreamingContext);
  const { code, language } = readCode(node);
  return (
    <figure className="my-3 overflow-hidden rounded-xl border border-line bg-code">
      <figcaption className="flex h-10 items-center justify-between border-b border-line pl-4 text-xs text-muted">
        {language ?? ""}
        <CopyButton label={t("chat.copyCode")} text={code} />
      </figcaption>
      <pre tabIndex={0} className="overflow-x-auto p-4 text-sm">
        {isStreaming || language === null ? (
          <code>{code}</code>
        ) : (
          <Suspense fallback={<code>{code}</code>}>
            <HighlightedCode code={code} language={language} />
          </Suspense>
        )}
      </pre>
    </figure>
  );
}
