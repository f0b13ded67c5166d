import { Lexer } from "marked";

/**
 * Cuts a text at the borders of its blocks: paragraphs, lists, tables, code. A growing text changes in its last block
 * only, so that the others need not be set again. A text that defines links somewhere stays whole, because a block
 * cannot see the definitions of another.
 */
export function splitBlocks(text: string): string[] {
  const tokens = new Lexer({ gfm: true }).blockTokens(text, []);
  if (tokens.some(({ type }) => type === "def")) return [text];
  return tokens.filter(({ type }) => type !== "space").map(({ raw }) => raw);
}
