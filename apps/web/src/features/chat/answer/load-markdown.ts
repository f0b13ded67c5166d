import type { Markdown } from "./markdown/Markdown.tsx";

/** Loads the Markdown renderer. It is a chunk of its own because the first screen does not need it. */
export async function loadMarkdown(): Promise<{ default: typeof Markdown }> {
  return { default: (await import("./markdown/Markdown.tsx")).Markdown };
}
