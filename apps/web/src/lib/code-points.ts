/** Length in code points, the unit of the contract's limits: an emoji outside the BMP counts once. */
export function codePointLength(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}
