import type { Element, ElementContent } from "hast";

function textOf(node: ElementContent): string {
  if (node.type === "text") return node.value;
  return node.type === "element" ? node.children.map(textOf).join("") : "";
}

/** The text of a code block and the language it declares. */
export function readCode(pre: Element | undefined): { code: string; language: string | null } {
  const code = pre?.children.find((child) => child.type === "element");
  if (code === undefined) return { code: "", language: null };
  const classes = code.properties["className"];
  const names = Array.isArray(classes) ? classes.map(String) : [];
  const language = names.find((name) => name.startsWith("language-"))?.slice("language-".length);
  return { code: textOf(code).replace(/\n$/, ""), language: language ?? null };
}
