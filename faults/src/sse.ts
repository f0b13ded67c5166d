import { Agent, request, type IncomingMessage } from "node:http";

/** An event as it stood on the wire. */
export interface WireEvent {
  id: string;
  type: string;
  data: Record<string, unknown>;
}

export interface StreamRequest {
  cookie: string;
  runId: number;
  lastEventId?: string | undefined;
  /** How long to wait for the headers. */
  headersMs?: number;
}

export interface OpenStream {
  status: number;
  events: AsyncGenerator<WireEvent>;
  /** The socket's own answer, for readers who do not read. */
  response: IncomingMessage;
  /** Drops the connection. */
  drop: () => void;
}

/** A connection for each stream, never shared: a stream that is dropped drops its connection. */
const agent = new Agent({ keepAlive: false, maxSockets: Infinity });

function parseEvent(block: string): WireEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split("\n")) {
    const [, name = "", value = ""] = /^(\w+): ?(.*)$/s.exec(line) ?? [];
    if (name !== "") fields.set(name, value);
  }
  const data = fields.get("data");
  const retry = fields.get("retry");
  if (retry !== undefined) return { id: "", type: "retry", data: { ms: Number(retry) } };
  if (data === undefined) return undefined;
  return {
    id: fields.get("id") ?? "",
    type: fields.get("event") ?? "message",
    data: JSON.parse(data) as Record<string, unknown>,
  };
}

async function* readEvents(response: IncomingMessage): AsyncGenerator<WireEvent> {
  let pending = "";
  response.setEncoding("utf8");
  for await (const chunk of response as AsyncIterable<string>) {
    const blocks = (pending + chunk).split("\n\n");
    pending = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event !== undefined) yield event;
    }
  }
}

/** Opens the event stream of a run. @throws when the connection fails before the headers */
export async function openStream(
  url: string,
  { cookie, runId, lastEventId, headersMs }: StreamRequest,
): Promise<OpenStream> {
  const headers = { cookie, ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }) };
  const asked = request(`${url}/runs/${runId}/events`, { agent, headers });
  const answered = Promise.withResolvers<IncomingMessage>();
  asked.on("response", answered.resolve);
  asked.on("error", answered.reject);
  asked.setTimeout(60_000, () => asked.destroy(new Error("The stream is silent.")));
  asked.end();
  const impatience =
    headersMs === undefined ? undefined : setTimeout(() => asked.destroy(new Error("No headers came.")), headersMs);
  const response = await answered.promise.finally(() => clearTimeout(impatience));
  // What goes wrong later is raised to the reader of the events.
  response.on("error", () => {});
  return {
    status: response.statusCode ?? 0,
    events: readEvents(response),
    response,
    drop: () => asked.destroy(),
  };
}
