import { describe, expect, it } from "vitest";
import { allMatches, listFiles, read, readTable } from "./support/repository.ts";
import { loggedEvents, notifiedTopics, sampleEvents, sampleTransitions } from "./support/sample-events.ts";

const document = read("ARCHITECTURE.md");

/** Text of all sources under these folders, tests left out. */
function sourcesOf(...folders: string[]): string {
  const isSource = (path: string): boolean =>
    /\.tsx?$/.test(path) && !path.includes("/test/") && folders.some((folder) => path.startsWith(`${folder}/src/`));
  return listFiles().filter(isSource).map(read).join("\n");
}

const firstColumn = (header: string): string[] =>
  readTable(document, header).flatMap(([cell = ""]) => allMatches(cell, /`(\w+)`/g));
const sorted = (names: Iterable<string>): string[] => [...new Set(names)].toSorted();
const literalEvents = (source: string): string[] => allMatches(source, /\bevent: "([a-z_]+)"/g);

describe("the catalogues of ARCHITECTURE.md", () => {
  it("list every event of the use cases", () => {
    expect(sorted(firstColumn("event"))).toEqual(sorted(Object.keys(sampleEvents)));
  });

  it("list every log event of the server", () => {
    const source = sourcesOf("packages/api", "packages/live", "packages/db", "packages/runtime", "apps/server");
    expect(sorted(firstColumn("log event"))).toEqual(sorted([...literalEvents(source), ...loggedEvents()]));
  });

  it("list every log event of a worker on the typed client", () => {
    const paths = listFiles().filter((path) => /^(?:packages\/client\/src\/worker|apps\/ai-bridge\/src)\//.test(path));
    expect(sorted(firstColumn("log event of a worker"))).toEqual(sorted(paths.map(read).flatMap(literalEvents)));
  });

  it("list every metric with its type", () => {
    const declared = [...sourcesOf("apps/server").matchAll(/new (Counter|Gauge|Histogram)\(\{\s*name: "(\w+)"/g)];
    const expected = declared.map(([, type = "", name = ""]) => `${name} ${type.toLowerCase()}`);
    const listed = readTable(document, "metric").map(([name = "", type = ""]) => `${name.replaceAll("`", "")} ${type}`);
    expect(expected).not.toEqual([]);
    expect(sorted(listed)).toEqual(sorted(expected));
  });
});

describe("the transitions of a run in ARCHITECTURE.md", () => {
  const rows = readTable(document, "from").map(
    ([from = "", to = "", verb = "", who = "", statement = "", notifies = ""]) => ({
      from,
      to,
      verb,
      who,
      statements: allMatches(statement, /`(\w+)`/g),
      notifies,
    }),
  );

  it("are those that the use cases emit", () => {
    const expected = Object.entries(sampleTransitions).map(([verb, samples]) => ({
      verb,
      from: samples.map(({ from }) => from ?? "(none)").join(", "),
      to: samples[0]?.to,
      who: samples[0]?.actor,
    }));
    expect(rows.map(({ verb, from, to, who }) => ({ verb, from, to, who }))).toEqual(expected);
  });

  it("notify the topics that the table says", () => {
    const expected = Object.values(sampleTransitions).map((samples) =>
      sorted(samples.flatMap(notifiedTopics)).join(", "),
    );
    expect(rows.map(({ notifies }) => notifies)).toEqual(expected);
  });

  it("name statements that exist", () => {
    const source = sourcesOf("packages/db");
    const named = rows.flatMap(({ statements }) => statements);
    expect(named.length).toBeGreaterThanOrEqual(rows.length);
    expect(named.filter((name) => !source.includes(`"${name}"`))).toEqual([]);
  });
});

describe("reading a table", () => {
  it("gives the cells of the table with that first header", () => {
    const text =
      "| other | x |\n|---|---|\n| 1 | 2 |\n\n| name | x |\n|---|---|\n| `a` | b, c |\n| d | |\n\nafter | that";
    expect(readTable(text, "name")).toEqual([
      ["`a`", "b, c"],
      ["d", ""],
    ]);
  });

  it("throws when there is none", () => {
    expect(() => readTable("| other |\n|---|\n", "name")).toThrow("no table");
  });
});
