/** Sets answers. Large, so it is fetched when the first screen is there, or when the first answer needs it. */
export async function loadMarkdown() {
  return import("./markdown/Markdown.tsx");
}
