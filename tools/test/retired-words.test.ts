import { describe, expect, it } from "vitest";
import { listFiles, read } from "./support/repository.ts";
import { findRetiredUses, historicalFiles, plantingPath, retiredWords } from "./support/retired-words.ts";

const binary = /\.(?:webp|png|ico|woff2)$/;
const files = listFiles().filter((path) => !binary.test(path));
const texts = files.map((path) => ({ path, text: read(path) }));

describe("the vocabulary", () => {
  it("is kept: no code, comment, document, log event, metric or text of the pages uses a retired word", () => {
    const uses = texts.flatMap(({ path, text }) => findRetiredUses(path, text));
    expect(uses.map(({ place, found, instead }) => `${place}: "${found}" (${instead})`)).toEqual([]);
  });

  const planted = retiredWords.flatMap((word) =>
    word.examples.map((example) => ({ example, instead: word.instead, path: plantingPath(word) })),
  );

  it.each(planted)("reports a planted “$example”", ({ example, instead, path }) => {
    const uses = findRetiredUses(path, `const before = 1;\n// ${example}\n`);
    expect(uses).toContainEqual(expect.objectContaining({ place: `${path}:2`, instead }));
  });

  it("reports a retired word in the name of a folder", () => {
    expect(findRetiredUses("packages/db/src/hints/memory.ts", "").map(({ place }) => place)).toEqual([
      "packages/db/src/hints/memory.ts",
    ]);
  });

  it.each([
    "await Promise.allSettled(jobs);",
    "const serviceKey = request.headers[serviceKeyHeader];",
    `text: "The service is unavailable right now.",`,
    "export const runEventSchemas = {};",
    "The page turns red.",
  ])("does not report “%s”", (line) => {
    expect(findRetiredUses("packages/api/src/planted.ts", line)).toEqual([]);
  });

  it.each(historicalFiles)("has files at $path, which $because", ({ path }) => {
    expect(files.some((file) => path.test(file))).toBe(true);
  });

  const exceptions = retiredWords.flatMap(({ allowed = [] }) => allowed);

  it.each(exceptions)("needs its exception for $because", ({ text }) => {
    expect(
      texts.some((file) => !historicalFiles.some(({ path }) => path.test(file.path)) && text.test(file.text)),
    ).toBe(true);
  });
});
