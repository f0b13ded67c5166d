import { freePort } from "@deepbot/testing";
import { afterEach, expect, test } from "vitest";
import { breakOff, startStandIn, type Reply, type StandIn } from "./support/backend.ts";
import { startProxy, type Proxy } from "./support/proxy.ts";

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function standIn(reply?: Reply): Promise<StandIn> {
  const backend = await startStandIn(reply);
  closers.push(backend.close);
  return backend;
}

async function proxyTo(...backends: string[]): Promise<Proxy> {
  const proxy = await startProxy({ backends });
  closers.push(proxy.stop);
  return proxy;
}

test.each(["GET", "HEAD"])("a %s whose connection breaks is sent to one more server", async (method) => {
  const backends = [await standIn(breakOff), await standIn(breakOff), await standIn(breakOff)];
  const proxy = await proxyTo(...backends.map(({ address }) => address));
  expect((await proxy.request("/me", { method })).status).toBe(502);
  expect(backends.flatMap(({ received }) => received)).toHaveLength(2);
});

test("a POST whose connection breaks has reached one server only", async () => {
  const backends = [await standIn(breakOff), await standIn(breakOff)];
  const proxy = await proxyTo(...backends.map(({ address }) => address));
  expect((await proxy.request("/send/message/ai", { method: "POST", body: '{"text_user":"hi"}' })).status).toBe(502);
  expect(backends.flatMap(({ received }) => received)).toHaveLength(1);
});

test.each(["GET", "POST"])("a %s goes to the other server when one cannot be reached", async (method) => {
  const alive = await standIn();
  const dead = `127.0.0.1:${await freePort()}`;
  const proxy = await proxyTo(dead, alive.address);
  const statuses = await Promise.all(Array.from({ length: 8 }, () => proxy.request("/me", { method })));
  expect(statuses.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
  expect(alive.received).toHaveLength(8);
});

test("every server gets a share of the requests", async () => {
  const backends = [await standIn(), await standIn(), await standIn()];
  const proxy = await proxyTo(...backends.map(({ address }) => address));
  for (let count = 0; count < 12; count += 1) await proxy.request("/me");
  for (const { received } of backends) expect(received.length).toBeGreaterThan(0);
});

test("requests reuse open connections", async () => {
  const ports = new Set<string>();
  const backend = await standIn((res) => {
    ports.add(String(res.socket?.remotePort));
    res.end();
  });
  const proxy = await proxyTo(backend.address);
  for (let count = 0; count < 20; count += 1) await proxy.request("/me");
  // At most one for each worker process of nginx.
  expect(ports.size).toBeLessThan(20);
});
