/** One message of a `text/event-stream`. */
export interface SseMessage {
  /** Id of the last message that carried one, this message included; "" before the first. */
  id: string;
  /** `message` unless the stream names another type. */
  event: string;
  data: string;
}

export interface SseParser {
  /** Takes the next piece of the stream, however it was cut, and returns the messages that it completes. */
  push: (chunk: string) => SseMessage[];
  /** How long the server asks clients to wait before they reconnect, in milliseconds; undefined until it does. */
  retryMs: () => number | undefined;
}

interface Draft {
  event: string;
  data: string[];
}

const emptyDraft = (): Draft => ({ event: "message", data: [] });

/** Splits off the complete lines. A CR at the very end may be half of a CRLF, so it waits for the next chunk. */
function splitLines(text: string): { lines: string[]; rest: string } {
  const lines = text.split(/\r\n|\n|\r(?!$)/);
  const rest = lines.pop() ?? "";
  return { lines, rest };
}

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
export function createSseParser(): SseParser {
  let rest = "";
  let id = "";
  let retryMs: number | undefined;
  let draft = emptyDraft();

  const takeField = (line: string): void => {
    const [, name = line, value = ""] = /^([^:]*): ?(.*)$/s.exec(line) ?? [];
    if (name === "data") draft.data.push(value);
    else if (name === "event") draft.event = value;
    else if (name === "id" && !value.includes("\0")) id = value;
    else if (name === "retry" && /^\d+$/.test(value)) retryMs = Number(value);
  };
  const takeLine = (line: string): SseMessage[] => {
    if (line !== "") {
      takeField(line);
      return [];
    }
    const { event, data } = draft;
    draft = emptyDraft();
    return data.length === 0 ? [] : [{ id, event, data: data.join("\n") }];
  };
  return {
    push: (chunk) => {
      const split = splitLines(rest + chunk);
      rest = split.rest;
      return split.lines.flatMap(takeLine);
    },
    retryMs: () => retryMs,
  };
}
