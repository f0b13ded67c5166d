import { readFileSync } from "node:fs";
import { marked } from "marked";

/** The worker guide as HTML. The server has it as text, because its bundle holds no Markdown. */
export function renderWorkerGuide(): { html: string } {
  const markdown = readFileSync(new URL("../../../../docs/worker-guide.md", import.meta.url), "utf8");
  return { html: marked.parse(markdown, { async: false }) };
}
