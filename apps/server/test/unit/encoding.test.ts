import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";
import { timing } from "@deepbot/contract";
import { tracked } from "@trpc/server";
import { sseStreamProducer } from "@trpc/server/unstable-core-do-not-import";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createFindClient } from "../../src/request/client-address.ts";
import { abortOnDisconnect, createRequestContext } from "../../src/request/context.ts";
import { createEventStreams, restEncoding, type EventEncoding } from "../../src/transports/sse.ts";
import { trpcEncoding } from "../../src/transports/trpc.ts";

const delta = { type: "delta", seq: 1, text: "line\nbreak, “quotes” and 😀" };
const end = { type: "end", run: { state: "completed" } };
const shape = { message: "no", code: -32_000, data: { code: "NOT_FOUND" } };

describe("the encoding of events", () => {
  it("names a REST event by its type and writes its id before its data", () => {
    expect(restEncoding.event("1-1", delta)).toBe(`event: delta\nid: 1-1\ndata: ${JSON.stringify(delta)}\n\n`);
  });

  it("is, over tRPC, byte for byte what tRPC itself would send", async () => {
    const produced = (data: AsyncIterable<unknown>): Promise<string> =>
      readText(
        sseStreamProducer({
          data,
          client: { reconnectAfterInactivityMs: 3 * timing.pingIntervalMs },
          formatError: () => shape,
        }),
      );
    async function* succeeding(): AsyncGenerator {
      yield tracked("1-1", delta);
      yield tracked("end", end);
    }
    async function* failing(): AsyncGenerator {
      yield tracked("1-1", delta);
      throw new Error("no");
    }
    const encoding = trpcEncoding(() => shape);
    const start = encoding.open() + encoding.event("1-1", delta);
    expect(start + encoding.event("end", end) + encoding.end).toBe(await produced(succeeding()));
    expect(start + encoding.error(new Error("no"))).toBe(await produced(failing()));
  });

  it("turns an event into JSON once, for every subscriber on both transports", () => {
    let count = 0;
    const event = {
      type: "delta",
      toJSON: () => {
        count += 1;
        return delta;
      },
    };
    const trpc = trpcEncoding(() => shape);
    const frames = [restEncoding, trpc, restEncoding, trpc].map((encoding) => encoding.event("1-1", event));
    expect(frames.every((frame) => frame.includes(JSON.stringify(delta)))).toBe(true);
    expect(count).toBe(1);
  });
});

/** A server that sends every client one event and then nothing. */
async function startServer(encoding: EventEncoding): Promise<{ port: number; close: () => void }> {
  const streams = createEventStreams(() => {});
  const server = createServer((req, res) => {
    const request = createRequestContext(req, res, createFindClient([]));
    const signal = abortOnDisconnect(request);
    res.once("close", () => request.disconnect?.abort());
    async function* events(): AsyncGenerator {
      yield tracked("1-1", delta);
      await once(signal, "abort");
    }
    void streams.send(request, { events: events(), encoding, signal });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}

/** Waits for a condition without a timer, because the tests below replace timers. */
async function eventually(what: string, isTrue: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 10_000;
  while (!isTrue()) {
    if (performance.now() > giveUpAt) throw new Error(`Waited in vain: ${what}`);
    await new Promise((resolve) => void setImmediate(resolve));
  }
}

describe("an open event stream", () => {
  afterEach(() => void vi.useRealTimers());

  const encodings = [
    { transport: "REST", encoding: restEncoding },
    { transport: "tRPC", encoding: trpcEncoding(() => shape) },
  ];

  it.for(encodings)("over $transport pings on time, and is cut off at its longest life", async ({ encoding }) => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
    const server = await startServer(encoding);
    const [response] = (await once(get({ port: server.port }), "response")) as [IncomingMessage];
    let received = "";
    response.setEncoding("utf8").on("data", (text: string) => (received += text));
    response.on("error", () => {});
    const pings = (): number => received.split(encoding.ping).length - 1;
    await eventually("the event is there", () => received.includes(encoding.event("1-1", delta)));
    vi.advanceTimersByTime(timing.pingIntervalMs - 1);
    expect(pings()).toBe(0);
    vi.advanceTimersByTime(1);
    await eventually("one ping is there", () => pings() === 1);
    vi.advanceTimersByTime(timing.streamMaxMs - timing.pingIntervalMs - 1);
    await eventually("all pings are there", () => pings() === timing.streamMaxMs / timing.pingIntervalMs - 1);
    expect(response.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    await eventually("the connection is closed", () => response.destroyed);
    expect(response.complete).toBe(false);
    server.close();
  });
});
