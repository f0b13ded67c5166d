import { once } from "node:events";
import { connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { hostName, until } from "@deepbot/testing";
import { afterEach, describe, expect, test } from "vitest";
import { startStandIn, type Reply, type StandIn } from "./support/backend.ts";
import { startProxy, type Proxy } from "./support/proxy.ts";
import { openRequest } from "./support/requests.ts";

let backend: StandIn;
let proxy: Proxy;

async function start(env: Record<string, string> = {}, reply?: Reply): Promise<void> {
  backend = await startStandIn(reply);
  proxy = await startProxy({ backends: [backend.address], env });
}

afterEach(async () => {
  await proxy.stop();
  await backend.close();
});

/** Statuses of many requests that are sent at once, from the address that a balancer names if it is given. */
async function statusesOf(count: number, path: string, from?: string): Promise<number[]> {
  const headers = from === undefined ? {} : { "x-forwarded-for": from };
  const responses = await Promise.all(Array.from({ length: count }, () => proxy.request(path, { headers })));
  return responses.map(({ status }) => status);
}

const isRefused = (status: number): boolean => status === 429;

/** One request a second, and five more at once. */
const tight = { REQUESTS_PER_SECOND: "1", BALANCER_ADDRESSES: "127.0.0.1" };

describe("the limit of an address", () => {
  test("refuses with the problem document and Retry-After, and leaves other addresses and pages alone", async () => {
    await start(tight);
    expect((await statusesOf(15, "/me", "203.0.113.1")).filter(isRefused).length).toBeGreaterThan(0);
    const { status, headers, text } = await proxy.request("/me", { headers: { "x-forwarded-for": "203.0.113.1" } });
    expect([status, headers["retry-after"]]).toEqual([429, "1"]);
    expect(JSON.parse(text)).toMatchObject({ status: 429, code: "too_many_requests" });
    expect(await statusesOf(1, "/me", "203.0.113.2")).toEqual([200]);
    expect((await statusesOf(15, "/chat/7", "203.0.113.1")).filter(isRefused)).toEqual([]);
    expect((await statusesOf(15, "/favicon.svg", "203.0.113.1")).filter(isRefused)).toEqual([]);
  });

  test("counts all addresses of one IPv6 /64, and IPv4 inside IPv6 as IPv4", async () => {
    await start(tight);
    const network = (
      await Promise.all(Array.from({ length: 15 }, (_, at) => statusesOf(1, "/me", `2001:db8::${at}`)))
    ).flat();
    expect(network.filter(isRefused).length).toBeGreaterThan(0);
    expect(await statusesOf(1, "/me", "2001:db8:0:1::1")).toEqual([200]);
    const mapped = await Promise.all(
      Array.from({ length: 15 }, (_, at) => statusesOf(1, "/me", `::ffff:198.51.100.${at}`)),
    );
    expect(mapped.flat().filter(isRefused)).toEqual([]);
  });

  test("is that of the peer unless the peer is a balancer of ours", async () => {
    await start({ REQUESTS_PER_SECOND: "1" });
    const statuses = await Promise.all(Array.from({ length: 15 }, (_, at) => statusesOf(1, "/me", `203.0.113.${at}`)));
    expect(statuses.flat().filter(isRefused).length).toBeGreaterThan(0);
  });

  test("does not hold for workers at a listed address, whose zone strangers do not reach", async () => {
    await start({ ...tight, WORKER_ADDRESSES: "203.0.113.0/28, 2001:db8::/32" });
    const claims = ["/worker/claim", "/trpc/worker.claim", "/messages", "/send/message/user"];
    for (const [at, path] of claims.entries()) {
      expect((await statusesOf(15, path, "203.0.113.1")).filter(isRefused)).toEqual([]);
      expect((await statusesOf(15, path, `198.51.100.${at}`)).filter(isRefused).length).toBeGreaterThan(0);
    }
    expect((await statusesOf(15, "/me", "203.0.113.1")).filter(isRefused).length).toBeGreaterThan(0);
  });

  test("lets an office of 400 people work behind one address, each with an open stream", async () => {
    await start({}, (res, { target }) => {
      if (target.includes("/events")) res.writeHead(200, { "content-type": "text/event-stream" }).write(": open\n\n");
      else res.writeHead(200).end("{}");
    });
    const sessions = Array.from({ length: 4 }, openSession);
    const perSession = 100;
    const streams = sessions.flatMap((session) =>
      Array.from({ length: perSession }, (_, at) => ask(session, `/runs/${at + 1}/events`)),
    );
    expect((await Promise.all(streams)).filter((status) => status !== 200)).toEqual([]);
    for (let count = 0; count < perSession; count += 20) {
      const asked = sessions.flatMap((session) => Array.from({ length: 20 }, () => ask(session, "/me")));
      expect((await Promise.all(asked)).filter((status) => status !== 200)).toEqual([]);
    }
    for (const session of sessions) session.destroy();
  });
});

/** A connection as browsers open it: many requests share it, and nginx counts each of them. */
function openSession(): ClientHttp2Session {
  const { ports, certificate } = proxy;
  return connectHttp2(`https://127.0.0.1:${ports.https}`, { ca: certificate, servername: hostName });
}

/** Sends a GET; gives the status, and leaves the body unread if it goes on. */
async function ask(session: ClientHttp2Session, path: string): Promise<number> {
  const request = session.request({ ":path": path, ":authority": hostName });
  const [headers] = (await once(request, "response")) as [IncomingHttpHeaders];
  request.on("error", () => undefined).resume();
  return Number(headers[":status"]);
}

/** More than the connections that nginx had in all when one address could lock it out. */
const partialConnections = 9_000;

test("connections with partial headers keep nobody else out", async () => {
  await start();
  const sockets: Socket[] = [];
  for (let opened = 0; opened < partialConnections; opened += 500) {
    const some = Array.from({ length: 500 }, () => connect({ port: proxy.ports.http, host: "127.0.0.1" }));
    await Promise.all(some.map((socket) => once(socket, "connect")));
    for (const socket of some) socket.on("error", () => undefined).write("GET / HTTP/1.1\r\nHost: ");
    sockets.push(...some);
  }
  expect((await statusesOf(20, "/me")).filter((status) => status !== 200)).toEqual([]);
  for (const socket of sockets) socket.destroy();
  expect(proxy.child().output()).not.toContain("worker_connections are not enough");
});

test("a response that nobody reads waits in the server, not in a file", async () => {
  const chunk = Buffer.alloc(64 * 1024);
  const chunks = 1024;
  let sent = 0;
  function* body(): Generator<Buffer> {
    for (; sent < chunks; sent += 1) yield chunk;
  }
  await start({}, (res) => void Readable.from(body()).pipe(res.writeHead(200)));
  const site = { port: proxy.ports.https, certificate: proxy.certificate, host: hostName };
  const response = await openRequest(site, "/me/export");
  await until("the server has stopped sending", async () => {
    const before = sent;
    await delay(300);
    return sent === before;
  });
  expect(sent).toBeLessThan(chunks);
  let received = 0;
  for await (const part of response) received += (part as Buffer).length;
  expect(received).toBe(chunks * chunk.length);
  expect(proxy.child().output()).not.toContain("temporary file");
});
