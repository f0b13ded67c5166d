/** More containers inside each other than anybody writes; beyond some hundreds parsers run out of stack. */
const maxDepth = 40;

/** More lines in one block, and more marks, than anybody writes; what a parser needs for them grows with their square. */
const maxLines = 1_500;
const maxMarks = 1_500;

const deepLine = new RegExp(String.raw`^(?:[ \t]*(?:>|[-*+]|\d{1,9}[.)])){${maxDepth}}`);
const fence = /^ {0,3}(?<marks>`{3,}|~{3,})/;

/** The lines that are not code. One pass: a text that is bent on taking long must not do so here. */
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

/** Whether quotes and lists stand inside each other so deeply that the text can only be shown as it is. */
export function isTooDeep(text: string): boolean {
  return linesOutsideCode(text).some((line) => deepLine.test(line));
}

/** Whether a block holds so many lines or marks that setting it would hold up the page. */
export function isTooDense(block: string): boolean {
  const lines = linesOutsideCode(block);
  const marks = lines.reduce((sum, line) => sum + (line.match(/[*_~[`\\]/g)?.length ?? 0), 0);
  return lines.length > maxLines || marks > maxMarks;
}
