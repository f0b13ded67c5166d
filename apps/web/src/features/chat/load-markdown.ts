import type { Markdown } from "./markdown/Markdown.tsx";

/** Sets answers. Large, so it is fetched when the first screen is there, or when the first answer needs it. */
export async function loadMarkdown(): Promise<{ default: typeof Markdown }> {
  return { default: (await import("./markdown/Markdown.tsx")).Markdown };
}
