import { Lexer } from "marked";

/**
 * Splits Markdown into its blocks: paragraphs, lists, tables, code. While a text is streaming, only its last block
 * changes, so the others are not rendered again. A text with link definitions is not split, because a block cannot see
 * the definitions in another one.
 */
export function splitBlocks(text: string): string[] {
  const tokens = new Lexer({ gfm: true }).blockTokens(text, []);
  if (tokens.some(({ type }) => type === "def")) return [text];
  return tokens.filter(({ type }) => type !== "space").map(({ raw }) => raw);
}
