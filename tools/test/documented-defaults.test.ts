import { expect, it } from "vitest";
import { readConfig as readBridgeConfig } from "../../apps/ai-bridge/src/config.ts";
import { readConfig as readServerConfig } from "../../apps/server/src/config.ts";
import { allMatches, read, readTable } from "./support/repository.ts";

/** Settings that a document gives one default each: rows have as many defaults as names, in the same order. */
function readDefaults(document: string): [name: string, value: string][] {
  return readTable(read(document), "name").flatMap(([names = "", defaults = ""]) => {
    const [own, values] = [names, defaults].map((cell) => allMatches(cell, /`([^`]+)`/g));
    if (own === undefined || values === undefined || own.length !== values.length) return [];
    return own.map((name, index): [string, string] => [name, values[index] ?? ""]);
  });
}

/** Read here, and one whose default is another setting. */
const left: readonly string[] = ["DEEPBOT_DEV", "DATABASE_DIRECT_URL"];

it.each([
  { document: "README.md", readConfig: readServerConfig, least: 35 },
  { document: "apps/ai-bridge/README.md", readConfig: readBridgeConfig, least: 12 },
])("$document gives the defaults that the program has", ({ document, readConfig, least }) => {
  const defaults = readDefaults(document).filter(([name]) => !left.includes(name));
  expect(defaults.length).toBeGreaterThanOrEqual(least);
  const development = { DEEPBOT_DEV: "true" };
  const expected = readConfig(development);
  for (const [name, value] of defaults) {
    expect(readConfig({ ...development, [name]: value }), `${name}=${value}`).toEqual(expected);
  }
});
