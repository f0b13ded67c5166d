/** Length in code points, the unit of every length limit: an emoji outside the BMP counts once. */
export function codePointLength(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

/** Length of the UTF-8 form in bytes, the unit of the limit on answers. */
export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Whether PostgreSQL can store the text. Its UTF-8 holds neither NUL nor lone surrogates. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\u0000");
}

/** The text without what PostgreSQL cannot store, cut to `max` code points. Null when nothing is left. */
export function toStorable(text: string, max: number): string | null {
  const storable = text.replaceAll("\u0000", "").toWellFormed();
  return (
    Array.from(storable.slice(0, 2 * max))
      .slice(0, max)
      .join("") || null
  );
}
