import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { JsonStream, type Pages } from "../../../src/shared/json-stream.ts";

async function* pagesOf<Item>(...pages: Item[][]): Pages<Item> & AsyncGenerator<Item[]> {
  yield* pages;
}

const encode = (output: object): Promise<string> => text(new JsonStream<object>(output, () => {}).pieces);

const items = [{ text: 'a "quote"' }, { text: "\u2028😀" }, { text: null }];

describe("an output that is written piece by piece", () => {
  test.each([
    ["no pages", []],
    ["empty pages", [[], []]],
    ["one page", [items]],
    ["pages of any length", [[items[0]], [], [items[1], items[2]], []]],
  ])("is what it would be as a whole: %s", async (_, pages) => {
    const whole = { server: "ok", list: pages.flat(), after: 1 };
    expect(await encode({ server: "ok", list: pagesOf(...pages), after: 1 })).toBe(JSON.stringify(whole));
  });

  test("may have lists in the items of its lists", async () => {
    const whole = [
      { id: 1, messages: items, runs: [] },
      { id: 2, messages: [], runs: [3, 4] },
    ];
    const streamed = whole.map((item) => ({ ...item, messages: pagesOf(item.messages), runs: pagesOf(item.runs) }));
    expect(await encode({ dialogs: pagesOf(streamed) })).toBe(JSON.stringify({ dialogs: whole }));
  });

  test("reads no page before the ones before it are taken", async () => {
    let read = 0;
    async function* pages(): AsyncGenerator<number[]> {
      for (; read < 10; read += 1) yield [read];
    }
    let taken = "";
    for await (const piece of new JsonStream<object>({ list: pages() }, () => {}).pieces) {
      taken += piece;
      if (taken.includes("2")) break;
    }
    expect(read).toBe(2);
  });
});
