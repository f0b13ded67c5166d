import { expect, test } from "vitest";
import { createSseParser, type SseMessage } from "../src/index.ts";

const message = (data: string, fields: Partial<SseMessage> = {}): SseMessage => ({
  id: "",
  event: "message",
  data,
  ...fields,
});

const cases: [string, string, SseMessage[]][] = [
  ["a message with id and type", "id: 1-2\nevent: delta\ndata: {}\n\n", [message("{}", { id: "1-2", event: "delta" })]],
  ["comments", ": ping\n\ndata: a\n\n", [message("a")]],
  ["data of several lines", "data: a\ndata:\ndata: b\n\n", [message("a\n\nb")]],
  ["values without a space, and with two", "data:a\n\ndata:  b\n\n", [message("a"), message(" b")]],
  ["a colon inside the value", 'data: {"a":1}\n\n', [message('{"a":1}')]],
  ["a field without a colon", "data\n\n", [message("")]],
  ["line ends of every kind", "data: a\r\n\r\ndata: b\r\rdata: c\n\n", [message("a"), message("b"), message("c")]],
  [
    "an id that holds for later messages",
    "id: 7\ndata: a\n\ndata: b\n\n",
    [message("a", { id: "7" }), message("b", { id: "7" })],
  ],
  [
    "a type that holds for one message",
    "event: x\ndata: a\n\ndata: b\n\n",
    [message("a", { event: "x" }), message("b")],
  ],
  ["no message from fields without data", "id: 7\nevent: x\n\ndata: a\n\n", [message("a", { id: "7" })]],
  ["no message that is not complete", "data: a\n", []],
];

test.each(cases)("parses %s", (_name, text, expected) => {
  expect(createSseParser().push(text)).toEqual(expected);
});

test.each(cases)("parses it the same when every character comes alone: %s", (_name, text, expected) => {
  const { push } = createSseParser();
  expect(Array.from(text).flatMap(push)).toEqual(expected);
});

test("tells the pause before a reconnect, once the server has sent a valid one", () => {
  const { push, retryMs } = createSseParser();
  push("retry: soon\n\n");
  expect(retryMs()).toBeUndefined();
  push("retry: 250\n\n");
  expect(retryMs()).toBe(250);
});
