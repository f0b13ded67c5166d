import { limits, utf8Length } from "@deepbot/contract";

/** Makes a text storable: drops NUL and replaces lone surrogates by U+FFFD. */
export function cleanText(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}

/** The longest prefix of a well-formed text that fits into `maxBytes` of UTF-8, cut between code points. */
export function utf8Prefix(text: string, maxBytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}

/** A storable text within the limit on answers. One that is too long is cut and ends with `note`. */
export function fitText(text: string, note: string): string {
  const clean = cleanText(text);
  if (utf8Length(clean) <= limits.answerMaxBytes) return clean;
  return utf8Prefix(clean, limits.answerMaxBytes - utf8Length(note)) + note;
}
