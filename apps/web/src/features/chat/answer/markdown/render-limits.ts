/** Nested quotes and lists. Nobody writes this many, and beyond a few hundred the parser runs out of stack. */
const maxDepth = 40;

/** Lines and marks in one block. Nobody writes this many, and the parser's time grows with their square. */
const maxLines = 1_500;
const maxMarks = 1_500;

const deepLine = new RegExp(String.raw`^(?:[ \t]*(?:>|[-*+]|\d{1,9}[.)])){${maxDepth}}`);
const fence = /^ {0,3}(?<marks>`{3,}|~{3,})/;

/** The lines outside code blocks. A single pass, because a hostile text must not be slow to check either. */
function linesOutsideCode(text: string): string[] {
  let open: string | null = null;
  return text.split("\n").filter((line) => {
    const marks = fence.exec(line)?.groups?.["marks"];
    if (open === null) {
      if (marks === undefined) return true;
      open = marks;
    } else if (marks?.startsWith(open) === true) {
      open = null;
    }
    return false;
  });
}

/** Whether quotes and lists are nested too deeply to render. */
export function isTooDeep(text: string): boolean {
  return linesOutsideCode(text).some((line) => deepLine.test(line));
}

/** Whether a block has so many lines or marks that rendering it would block the page. */
export function isTooDense(block: string): boolean {
  const lines = linesOutsideCode(block);
  const marks = lines.reduce((sum, line) => sum + (line.match(/[*_~[`\\]/g)?.length ?? 0), 0);
  return lines.length > maxLines || marks > maxMarks;
}
