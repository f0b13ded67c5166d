import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { ServerResponse } from "node:http";
import { maxWatchMs, pingIntervalMs } from "@deepbot/api/server";
import { isTrackedEnvelope } from "@trpc/server";
import { z } from "zod";
import type { Answer } from "./respond.ts";

/** By then a refusal has come, if one is to come. */
const refusalMs = 500;

/** Bounds of the pause before a client that lost its stream comes back. */
const retryMinMs = 500;
const retryMaxMs = 1_500;

function retryMs(): number {
  return Math.round(retryMinMs + Math.random() * (retryMaxMs - retryMinMs));
}

const typed = z.object({ type: z.string() });

function format(item: unknown): string {
  if (!isTrackedEnvelope(item)) throw new Error("A procedure that streams must track its events.");
  const [id, data] = item;
  return `event: ${typed.parse(data).type}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}

function open({ res, headers }: Answer): void {
  res.writeHead(200, {
    ...headers,
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",
  });
  res.write(`retry: ${retryMs()}\n\n`);
}

/** Writes every item, no faster than the client reads. */
async function pump(res: ServerResponse, items: AsyncIterable<unknown>, signal: AbortSignal): Promise<void> {
  for await (const item of items) {
    if (signal.aborted) return;
    if (!res.write(format(item))) await once(res, "drain", { signal });
  }
}

async function* withFirst(first: unknown, rest: AsyncIterator<unknown>): AsyncGenerator {
  try {
    yield first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/**
 * Sends the items of a subscription as Server-Sent Events. The first is awaited for a moment before anything is sent, so
 * that a refusal still is a problem document. A fault later ends the stream; the client comes back and is told then.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export async function sendEvents(
  answer: Answer,
  { items, signal }: { items: AsyncIterable<unknown>; signal: AbortSignal },
): Promise<void> {
  const { res } = answer;
  const iterator = items[Symbol.asyncIterator]();
  const firstItem = iterator.next();
  // A watcher that is up to date may have nothing to get for long: its stream opens all the same, and pings.
  await Promise.race([firstItem, delay(refusalMs, undefined, { ref: false })]);
  open(answer);
  const ping = setInterval(() => res.write(": ping\n\n"), pingIntervalMs);
  // An idle iterator would not hear of a return: the socket's end is what reaches it.
  const limit = setTimeout(() => res.destroy(), maxWatchMs);
  try {
    const first = await firstItem;
    if (first.done !== true) await pump(res, withFirst(first.value, iterator), signal);
  } catch {
    // The client has left, or will hear the reason when it comes back.
  } finally {
    clearInterval(ping);
    clearTimeout(limit);
    res.end();
  }
}
