/** One block of commands of a document, with what the document says that it prints. */
export interface Step {
  /** Line of the document where the commands begin. */
  line: number;
  commands: string;
  /** Undefined when no JSON block follows. */
  expected: { json: unknown } | undefined;
}

/** In an expected value: stands for any value, but not for none. */
const anything = "…";

interface Block {
  line: number;
  language: string;
  text: string;
}

function readBlocks(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(({ index, 1: language = "", 2: text = "" }) => ({
    line: markdown.slice(0, index).split("\n").length + 1,
    language,
    text,
  }));
}

function readExpected({ line, text }: Block): { json: unknown } {
  try {
    return { json: JSON.parse(text) };
  } catch (error) {
    throw new Error(`The block at line ${line} is not JSON.`, { cause: error });
  }
}

/**
 * The `sh` blocks of a document, each with the `json` block that follows it.
 *
 * @throws when a block is neither, or when JSON follows no commands: it would never be compared
 */
export function readSteps(markdown: string): Step[] {
  const steps: Step[] = [];
  for (const block of readBlocks(markdown)) {
    const last = steps.at(-1);
    if (block.language === "sh") {
      steps.push({ line: block.line, commands: block.text, expected: undefined });
    } else if (block.language === "json" && last !== undefined && last.expected === undefined) {
      last.expected = readExpected(block);
    } else {
      throw new Error(`The block at line ${block.line} belongs to no commands.`);
    }
  }
  return steps;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Puts the actual value where the expected one says `…`, so that the two can be compared as they are. */
export function fillIn(expected: unknown, actual: unknown): unknown {
  if (expected === anything && actual !== undefined) return actual;
  if (Array.isArray(expected) && Array.isArray(actual)) {
    return expected.map((item, index) => fillIn(item, actual[index]));
  }
  if (isRecord(expected) && isRecord(actual)) {
    return Object.fromEntries(Object.entries(expected).map(([key, item]) => [key, fillIn(item, actual[key])]));
  }
  return expected;
}

/** A bash script of all steps in one shell; step number n prints into the file `<n>` of the folder `$PRINTED`. */
export function toScript(steps: readonly Step[]): string {
  const blocks = steps.map(({ commands }, index) => `{\n${commands}} > "$PRINTED/${index}"\n`);
  return ["set -euo pipefail", ...blocks].join("\n");
}
