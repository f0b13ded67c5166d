import { toJsxRuntime } from "hast-util-to-jsx-runtime";
import { common, createLowlight } from "lowlight";
import { memo, type ReactNode } from "react";
import { Fragment, jsx, jsxs } from "react/jsx-runtime";

const lowlight = createLowlight(common);

/** Highlighted code, built from elements and never from HTML. Code in an unknown language stays plain. */
export const HighlightedCode = memo(function HighlightedCode(props: { code: string; language: string }): ReactNode {
  const { code, language } = props;
  if (!lowlight.registered(language)) return <code>{code}</code>;
  return <code>{toJsxRuntime(lowlight.highlight(language, code), { Fragment, jsx, jsxs })}</code>;
});
