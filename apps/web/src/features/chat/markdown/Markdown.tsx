import { memo, useMemo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import remend, { type RemendOptions } from "remend";
import { CodeBlock, GrowingContext } from "./CodeBlock.tsx";
import { safeUrl } from "./safe-url.ts";
import { splitBlocks } from "./split-blocks.ts";
import { isTooDeep, isTooDense } from "./too-much.ts";

const plugins = [remarkGfm];

/** We set no formulas: two dollars are two dollars. */
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

/** Links lead away into a tab of their own. Pictures are not fetched: an address can carry off what was said here. */
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

/** One block. What a growing one has begun and not closed yet, such as a link, is closed for it. */
const Block = memo(function Block({ text, isGrowing }: { text: string; isGrowing: boolean }): ReactNode {
  if (isTooDense(text)) return <Plain text={text} />;
  return (
    <GrowingContext value={isGrowing}>
      <ReactMarkdown remarkPlugins={plugins} components={components} urlTransform={safeUrl}>
        {isGrowing ? remend(text, completion) : text}
      </ReactMarkdown>
    </GrowingContext>
  );
});

/** An answer as set text. HTML in it is text like any other, and so is what would take too long to set. */
export function Markdown({ text, isGrowing }: { text: string; isGrowing: boolean }): ReactNode {
  const blocks = useMemo(() => (isTooDeep(text) ? null : splitBlocks(text)), [text]);
  if (blocks === null) return <Plain text={text} />;
  return blocks.map((block, index) => (
    // Blocks are only ever added at the end.
    <Block key={index} text={block} isGrowing={isGrowing && index === blocks.length - 1} />
  ));
}
