import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { createLogger } from "@deepbot/runtime";
import { until } from "@deepbot/testing";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { createStallGuard, type StallLimits } from "../../src/request/stall-guard.ts";

/** More than the buffers of both kernels take. */
const long = Buffer.alloc(64 * 1024 * 1024, "x");

let server: Server;
let client: Socket;
let responses: ServerResponse[];

async function start(limits: Partial<StallLimits>, respond: (res: ServerResponse) => void): Promise<void> {
  const log = createLogger({ module: "test", production: false, level: "silent" });
  const guard = createStallGuard(log, { stallMs: 300, responseMaxMs: 60_000, checkIntervalMs: 20, ...limits });
  responses = [];
  server = createServer((_req, res) => {
    responses.push(res);
    res.once("close", guard.watch(res));
    respond(res);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.on("error", () => {});
  client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await until("the request has arrived", () => responses.length > 0);
}

const isCut = (): boolean => responses.every((res) => res.destroyed && !res.writableFinished);

/** A response of which something waits for its client. */
function stalledResponse(): ServerResponse {
  const response = {
    destroyed: false,
    writableLength: 1,
    socket: {},
    headersSent: true,
    on: () => {},
    destroy: () => {},
  };
  response.destroy = () => {
    response.destroyed = true;
  };
  return response as unknown as ServerResponse;
}

/** All orders of some numbers. */
function ordersOf(numbers: readonly number[]): number[][] {
  if (numbers.length === 0) return [[]];
  return numbers.flatMap((first) => ordersOf(numbers.filter((each) => each !== first)).map((rest) => [first, ...rest]));
}

test.each(ordersOf([0, 1, 2, 3]))(
  "responses that end in the order %i %i %i are forgotten, and the last is cut off",
  (...order) => {
    vi.useFakeTimers({ toFake: ["setInterval", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const log = createLogger({ module: "test", production: false, level: "silent" });
    const guard = createStallGuard(log, { stallMs: 300, responseMaxMs: 60_000, checkIntervalMs: 100 });
    const watched = Array.from({ length: 4 }, stalledResponse).map((res) => ({ res, end: guard.watch(res) }));
    for (const index of order.slice(0, 3)) watched[index]?.end();
    vi.advanceTimersByTime(1_000);
    const cut = watched.flatMap(({ res }, index) => (res.destroyed ? [index] : []));
    expect(cut).toEqual(order.slice(3));
  },
);

describe("a client that does not read", () => {
  beforeEach(() => {
    client?.destroy();
  });
  afterEach(async () => {
    client.destroy();
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });

  test.each([
    ["a response in one piece", (res: ServerResponse) => void res.end(long)],
    [
      "a stream with pings",
      (res: ServerResponse) => {
        res.write(long);
        const ping = setInterval(() => res.write(": ping\n\n"), 30);
        res.once("close", () => clearInterval(ping));
      },
    ],
  ])("is cut off from %s", async (_, respond) => {
    await start({}, respond);
    client.pause();
    expect(await until("it is cut off", isCut)).toBe(true);
  });

  test("is left alone while nothing waits for it", async () => {
    await start({}, (res) => void res.write("begun"));
    const seenAt = performance.now();
    await until("several limits have passed", () => performance.now() - seenAt > 900);
    expect(isCut()).toBe(false);
    responses[0]?.end();
    await until("the response is whole", () => responses[0]?.writableFinished);
  });

  test("is left alone as long as it reads, however slowly", async () => {
    // On a busy machine client and server can both be held up for longer than the limit of the other tests.
    await start({ stallMs: 1_000 }, (res) => {
      const write = (): void => {
        while (!res.destroyed && res.write(long.subarray(0, 65_536)));
        res.once("drain", write);
      };
      write();
    });
    const seenAt = performance.now();
    const slowly = setInterval(() => client.read(1_048_576), 20);
    await until("several limits have passed", () => performance.now() - seenAt > 2_500);
    clearInterval(slowly);
    expect(isCut()).toBe(false);
    client.pause();
    expect(await until("it is cut off", isCut)).toBe(true);
  });

  test("is cut off in the end, although it reads a little", async () => {
    await start({ responseMaxMs: 500 }, (res) => void res.write("begun"));
    expect(await until("it is cut off", isCut)).toBe(true);
  });
});
