import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { encodeOnce } from "@deepbot/api/server";
import { timing } from "@deepbot/contract";
import { isTrackedEnvelope } from "@trpc/server";
import type { ReportError } from "../plugins/problems.ts";
import type { RequestContext } from "../request/context.ts";

/** How a transport writes an event stream. Every member is text that goes out as it is. */
export interface EventEncoding {
  /** Longest wait in milliseconds for the first event before the headers go out. Until then an error gets a status. */
  firstEventWaitMs: number;
  open: () => string;
  event: (id: string, data: object) => string;
  ping: string;
  /** Sent after the last event. */
  end: string;
  /** Sent when the subscription fails. */
  error: (error: unknown) => string;
}

/** Bounds of the pause in milliseconds before a client reconnects. */
const retryMinMs = 500;
const retryMaxMs = 1_500;

function typeOf(data: object): string {
  return "type" in data && typeof data.type === "string" ? data.type : "message";
}

/** Server-Sent Events named by their type. @see https://html.spec.whatwg.org/multipage/server-sent-events.html */
export const restEncoding: EventEncoding = {
  firstEventWaitMs: 500,
  open: () => `retry: ${Math.round(retryMinMs + Math.random() * (retryMaxMs - retryMinMs))}\n\n`,
  event: (id, data) => `event: ${typeOf(data)}\nid: ${id}\ndata: ${encodeOnce(data)}\n\n`,
  ping: ": ping\n\n",
  end: "",
  // A client that reconnects receives the reason as a problem document.
  error: () => "",
};

export interface EventStream {
  /** Tracked events of a subscription. */
  events: AsyncIterable<unknown>;
  encoding: EventEncoding;
  /** Aborted when the client disconnects. */
  signal: AbortSignal;
}

/** The event streams of this process. */
export interface EventStreams {
  /** Sends a stream, no faster than its client reads. Resolves when it is over. */
  send: (request: RequestContext, stream: EventStream) => Promise<void>;
  count: () => number;
  /** Cuts off all streams over half a second, so that clients do not reconnect all at once. */
  closeAll: () => void;
}

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function encode({ event }: EventEncoding, item: unknown): string {
  if (!isTrackedEnvelope(item)) throw new Error("A subscription must track its events.");
  const [id, data] = item;
  if (typeof data !== "object" || data === null) throw new Error("An event must be an object.");
  return event(id, data);
}

/** Writes events until the subscription ends or its client disconnects. */
async function writeEvents(
  res: ServerResponse,
  { encoding, signal }: EventStream,
  { first, iterator }: { first: Promise<IteratorResult<unknown>>; iterator: AsyncIterator<unknown> },
): Promise<void> {
  for (let step = await first; step.done !== true; step = await iterator.next()) {
    if (signal.aborted) return;
    if (!res.write(encode(encoding, step.value))) await once(res, "drain", { signal });
  }
  res.write(encoding.end);
}

function open({ res, headers }: RequestContext, encoding: EventEncoding): void {
  res.writeHead(200, {
    ...headers,
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",
  });
  res.write(encoding.open());
}

/** @throws what the subscription raises before the stream has opened */
async function sendStream(request: RequestContext, stream: EventStream, reportError: ReportError): Promise<void> {
  const { res } = request;
  const { encoding, signal } = stream;
  const iterator = stream.events[Symbol.asyncIterator]();
  const first = iterator.next();
  // A subscriber that is up to date may have to wait long for an event, but its stream must open.
  const wait = encoding.firstEventWaitMs;
  if (wait > 0) await Promise.race([first, delay(wait, undefined, { ref: false })]);
  open(request, encoding);
  // The headers are all that was asked for: without this the response would stay open until the run ends.
  if (request.method === "HEAD") request.disconnect?.abort();
  const ping = setInterval(() => res.write(encoding.ping), timing.pingIntervalMs);
  // Closing the socket aborts the signal, which reaches a subscription that is waiting for its next event.
  const limit = setTimeout(() => res.destroy(), timing.streamMaxMs);
  try {
    await writeEvents(res, stream, { first, iterator });
  } catch (error) {
    if (!signal.aborted) {
      reportError(error, request);
      res.write(encoding.error(error));
    }
  } finally {
    clearInterval(ping);
    clearTimeout(limit);
    res.end();
    await iterator.return?.();
  }
}

const closeSpreadMs = 500;

export function createEventStreams(reportError: ReportError): EventStreams {
  const streaming = new Set<ServerResponse>();
  return {
    send: (request, stream) => {
      const { res } = request;
      streaming.add(res);
      res.once("close", () => streaming.delete(res));
      return sendStream(request, stream, reportError);
    },
    count: () => streaming.size,
    closeAll: () => {
      for (const res of streaming) setTimeout(() => res.destroy(), Math.random() * closeSpreadMs);
    },
  };
}
