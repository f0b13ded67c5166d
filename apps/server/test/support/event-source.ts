/** An event as a client of Server-Sent Events gets it. */
export interface ReceivedEvent {
  type: string;
  id: string;
  data: { type: string; text?: string; seq?: number; run?: { state: string; answer: { content: string } | null } };
  /** Milliseconds on the test's clock. */
  at: number;
}

/** A client of `GET /runs/{run_id}/events` that stays until the stream ends or it is told to go. */
export interface EventClient {
  status: number;
  contentType: string | null;
  events: ReceivedEvent[];
  /** Resolves when the stream has ended, however it did. */
  ended: Promise<void>;
  close: () => void;
}

function parseEvent(block: string): ReceivedEvent | undefined {
  const fields = new Map(
    block.split("\n").map((line) => {
      const [name = "", ...rest] = line.split(": ");
      return [name, rest.join(": ")];
    }),
  );
  const data = fields.get("data");
  if (data === undefined) return undefined;
  return { type: fields.get("event") ?? "", id: fields.get("id") ?? "", data: JSON.parse(data), at: performance.now() };
}

async function read(body: ReadableStream<Uint8Array>, events: ReceivedEvent[]): Promise<void> {
  const decoder = new TextDecoder();
  let waiting = "";
  for await (const chunk of body) {
    waiting += decoder.decode(chunk, { stream: true });
    const blocks = waiting.split("\n\n");
    waiting = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event !== undefined) events.push(event);
    }
  }
}

/** Opens the stream; a refusal shows in `status`. */
export async function openEvents(
  url: string,
  { cookie, authorization, lastEventId }: { cookie: string; authorization?: string; lastEventId?: string },
): Promise<EventClient> {
  const leaving = new AbortController();
  const response = await fetch(url, {
    headers: {
      cookie,
      ...(authorization === undefined ? {} : { authorization }),
      ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
    },
    signal: leaving.signal,
  });
  const events: ReceivedEvent[] = [];
  const ended = response.body === null ? Promise.resolve() : read(response.body, events).catch(() => {});
  return {
    status: response.status,
    contentType: response.headers.get("content-type"),
    events,
    ended,
    close: () => leaving.abort(),
  };
}

/** The text as a client would show it after these events. */
export function textOf(events: readonly ReceivedEvent[]): string {
  return events.reduce((text, { data }) => {
    if (data.type === "snapshot") return data.text ?? "";
    if (data.type === "delta") return text + (data.text ?? "");
    if (data.type === "reset") return "";
    return data.run?.answer?.content ?? text;
  }, "");
}
