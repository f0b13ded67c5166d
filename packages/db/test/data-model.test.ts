import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { drawSchema, replaceDiagram } from "../scripts/draw-schema.ts";

const document = readFileSync(new URL("../../../docs/data-model.md", import.meta.url), "utf8");

describe("docs/data-model.md", () => {
  it("shows the schema as it is (otherwise: pnpm --filter @deepbot/db run docs:write)", () => {
    expect(document).toBe(replaceDiagram(document));
  });

  it("has a section for each table", () => {
    const drawn = [...drawSchema().matchAll(/^ {2}(\w+) \{$/gm)].map(([, name = ""]) => name);
    const described = [...document.matchAll(/^## `(\w+)`/gm)].map(([, name = ""]) => name);
    expect(drawn).not.toEqual([]);
    expect(described.toSorted()).toEqual(drawn.toSorted());
  });
});

describe("the diagram", () => {
  it("draws a mandatory and an optional foreign key differently", () => {
    const lines = drawSchema().split("\n");
    expect(lines).toContain('  messages ||--o{ runs : "question_id"');
    expect(lines).toContain('  messages |o--o| runs : "answer_id"');
  });

  it("replaces nothing but the diagram", () => {
    const around = ["before", "```mermaid\nerDiagram\n  old {\n  }\n```", "after", "```sh\nls\n```"].join("\n");
    expect(replaceDiagram(around)).toBe(around.replace("erDiagram\n  old {\n  }", () => drawSchema()));
  });

  it("refuses a document without one", () => {
    expect(() => replaceDiagram("# Data model\n")).toThrow("no entity diagram");
  });
});
