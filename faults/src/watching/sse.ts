import { Agent, request, type IncomingMessage } from "node:http";
import { createSseParser, type SseParser } from "@deepbot/client";

/** An event as it was sent, not yet interpreted. */
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
  /** How long the server asked clients to wait before they reconnect. */
  retryMs: () => number | undefined;
  /** The response itself, for scenarios that stop reading it. */
  response: IncomingMessage;
  /** Drops the connection. */
  drop: () => void;
}

/** One connection for each stream, so that dropping a stream drops its connection. */
const agent = new Agent({ keepAlive: false, maxSockets: Infinity });

async function* readEvents(response: IncomingMessage, parser: SseParser): AsyncGenerator<WireEvent> {
  response.setEncoding("utf8");
  for await (const chunk of response as AsyncIterable<string>) {
    for (const { id, event, data } of parser.push(chunk)) {
      yield { id, type: event, data: JSON.parse(data) as Record<string, unknown> };
    }
  }
}

/** Opens the event stream of a run. @throws when the connection fails before the headers */
export async function openStream(
  url: string,
  { cookie, runId, lastEventId, headersMs }: StreamRequest,
): Promise<OpenStream> {
  const headers = { cookie, ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }) };
  const outgoing = request(`${url}/runs/${runId}/events`, { agent, headers });
  const received = Promise.withResolvers<IncomingMessage>();
  outgoing.on("response", received.resolve);
  outgoing.on("error", received.reject);
  outgoing.setTimeout(60_000, () => outgoing.destroy(new Error("The stream is silent.")));
  outgoing.end();
  const headersTimer =
    headersMs === undefined ? undefined : setTimeout(() => outgoing.destroy(new Error("No headers came.")), headersMs);
  const response = await received.promise.finally(() => clearTimeout(headersTimer));
  // Later errors reach the reader of the events.
  response.on("error", () => {});
  const parser = createSseParser();
  return {
    status: response.statusCode ?? 0,
    events: readEvents(response, parser),
    retryMs: parser.retryMs,
    response,
    drop: () => outgoing.destroy(),
  };
}
