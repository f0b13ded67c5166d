import { memo, useMemo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import remend, { type RemendOptions } from "remend";
import { CodeBlock, StreamingContext } from "./CodeBlock.tsx";
import { safeUrl } from "./safe-url.ts";
import { splitBlocks } from "./split-blocks.ts";
import { isTooDeep, isTooDense } from "./render-limits.ts";

const plugins = [remarkGfm];

/** No formulas: two dollar signs are two dollar signs. */
const completion: RemendOptions = { linkMode: "text-only", katex: false };

function TaskMark({ isDone }: { isDone: boolean }): ReactNode {
  const { t } = useTranslation();
  return (
    <input
      type="checkbox"
      aria-label={isDone ? t("chat.taskDone") : t("chat.taskOpen")}
      className="mr-2"
      checked={isDone}
      disabled
    />
  );
}

/** Links open in a new tab. Images are never loaded, because their URL could leak the conversation. */
const components: Components = {
  a: ({ href, children }) =>
    href ? (
      <a href={href} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
    ) : (
      <span>{children}</span>
    ),
  img: ({ src, alt }) => {
    const name = alt || src || "";
    return typeof src === "string" && src !== "" ? (
      <a href={src} target="_blank" rel="noopener noreferrer nofollow">
        {name}
      </a>
    ) : (
      <span>{name}</span>
    );
  },
  input: ({ checked }) => <TaskMark isDone={checked === true} />,
  pre: ({ node }) => <CodeBlock node={node} />,
  table: ({ children }) => (
    <div tabIndex={0} className="overflow-x-auto">
      <table>{children}</table>
    </div>
  ),
};

function Plain({ text }: { text: string }): ReactNode {
  return <p className="whitespace-pre-wrap">{text}</p>;
}

/** One block. In a block that is still streaming, unfinished syntax such as a half-written link is closed. */
const Block = memo(function Block({ text, isStreaming }: { text: string; isStreaming: boolean }): ReactNode {
  if (isTooDense(text)) return <Plain text={text} />;
  return (
    <StreamingContext value={isStreaming}>
      <ReactMarkdown remarkPlugins={plugins} components={components} urlTransform={safeUrl}>
        {isStreaming ? remend(text, completion) : text}
      </ReactMarkdown>
    </StreamingContext>
  );
});

/** Renders an answer. HTML in it is shown as text. What would take too long to render is shown as plain text. */
export function Markdown({ text, isStreaming }: { text: string; isStreaming: boolean }): ReactNode {
  const blocks = useMemo(() => (isTooDeep(text) ? null : splitBlocks(text)), [text]);
  if (blocks === null) return <Plain text={text} />;
  return blocks.map((block, index) => (
    // The index is a stable key: blocks are only ever added at the end.
    <Block key={index} text={block} isStreaming={isStreaming && index === blocks.length - 1} />
  ));
}
