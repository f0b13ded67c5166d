import type { Language } from "../answerers/language.ts";

/** The platform's limit on an answer, in bytes of UTF-8. */
export const answerMaxBytes: number = 64 * 1024;

const cutNotes: Readonly<Record<Language, string>> = {
  en: "\n\n[The answer was longer than the platform keeps; it ends here.]",
  ru: "\n\n[Ответ длиннее, чем хранит платформа; здесь он обрывается.]",
};

/** What the platform can store: NUL goes, half a surrogate pair becomes U+FFFD. */
export function cleanText(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}

/** The longest beginning of a well-formed text that fits into `maxBytes` of UTF-8, cut between code points. */
export function beginningOf(text: string, maxBytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}

/** A clean text that fits: one that is too long loses its end to a note that says so. */
export function fitText(text: string, language: Language): string {
  const clean = cleanText(text);
  if (Buffer.byteLength(clean) <= answerMaxBytes) return clean;
  const note = cutNotes[language];
  return beginningOf(clean, answerMaxBytes - Buffer.byteLength(note)) + note;
}
