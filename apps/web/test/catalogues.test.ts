import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { en } from "../src/i18n/en.ts";
import { ru } from "../src/i18n/ru.ts";

function leaves(tree: object, path = ""): [key: string, text: string][] {
  return Object.entries(tree).flatMap(([name, value]: [string, unknown]) =>
    typeof value === "object" && value !== null ? leaves(value, `${path}${name}.`) : [[path + name, String(value)]],
  );
}

describe("the texts of the interface", () => {
  const placeholders = (text = ""): string => [...new Set(text.match(/\{\{\w+\}\}/g))].toSorted().join(", ");

  it("have the same placeholders in every language", () => {
    const russian = new Map(leaves(ru));
    const differing = leaves(en).filter(([key, text]) => placeholders(text) !== placeholders(russian.get(key)));
    expect(differing).toEqual([]);
  });

  it("are all used", () => {
    const source = fileURLToPath(new URL("../src", import.meta.url));
    const code = globSync("**/*.{ts,tsx}", { cwd: source, exclude: ["i18n/**"] })
      .map((path) => readFileSync(`${source}/${path}`, "utf8"))
      .join("\n");
    const isBuilt = (key: string): boolean =>
      ["errors.", "settings.themes.", "tokens.lives."].some((start) => key.startsWith(start));
    const unused = leaves(en).filter(([key]) => !isBuilt(key) && !code.includes(`"${key}"`));
    expect(unused).toEqual([]);
  });
});
