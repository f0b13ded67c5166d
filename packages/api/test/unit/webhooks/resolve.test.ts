import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { createResolve, createResolveByDns, type Resolve } from "../../../src/webhooks/sending/resolve.ts";

type Records = Record<string, { 1?: number[]; 28?: number[] }>;

const noSuchName = 3;

/** The response to a DNS query for the addresses of one name. @see https://www.rfc-editor.org/rfc/rfc1035#section-4 */
function respondTo(query: Buffer, records: Records): Buffer {
  const labels: string[] = [];
  let at = 12;
  while (query.readUInt8(at) > 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + query.readUInt8(at)));
    at += 1 + query.readUInt8(at);
  }
  const type = query.readUInt16BE(at + 1) === 1 ? 1 : 28;
  const known = records[labels.join(".")];
  const address = known?.[type];
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8180 | (known === undefined ? noSuchName : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(address === undefined ? 0 : 1, 6);
  const question = query.subarray(12, at + 5);
  if (address === undefined) return Buffer.concat([header, question]);
  const answer = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, address.length, ...address]);
  return Buffer.concat([header, question, answer]);
}

/** A name server with records, or one that is silent. It gives its address and counts what it was asked. */
async function startNameServer(records: Records | "silent") {
  const socket = createSocket("udp4");
  const asked = { count: 0 };
  socket.on("message", (query, { port, address }) => {
    asked.count += 1;
    if (records !== "silent") socket.send(respondTo(query, records), port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  onTestFinished(() => void socket.close());
  return { server: `127.0.0.1:${socket.address().port}`, asked };
}

const found = (address: string) => [{ address, family: 4 }];

/** Notes what it is asked, and answers only what it is told to. */
function heldResolve() {
  const asked: string[] = [];
  const answers = new Map<string, () => void>();
  const resolve: Resolve = (hostname) => {
    asked.push(hostname);
    return new Promise((resolved) => answers.set(hostname, () => resolved(found("192.0.2.1"))));
  };
  return { asked, resolve, answer: (hostname: string) => answers.get(hostname)?.() };
}

const fails =
  (code: string): Resolve =>
  () =>
    Promise.reject(Object.assign(new Error("It failed."), { code }));

describe("the addresses of a receiver", () => {
  it("are those of both families, IPv4 first", async () => {
    const ipv6 = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    const { server } = await startNameServer({
      "both.example": { 1: [192, 0, 2, 7], 28: ipv6 },
      "six.example": { 28: ipv6 },
    });
    const resolve = createResolveByDns([server]);
    const six = { address: "2001:db8::1", family: 6 };
    expect(await resolve("both.example")).toEqual([...found("192.0.2.7"), six]);
    expect(await resolve("six.example")).toEqual([six]);
    await expect(resolve("nowhere.example")).rejects.toMatchObject({ code: "ENOTFOUND" });
  });

  it("come though many other names have a name server that is silent, and the machine is not asked for those", async () => {
    const { server, asked } = await startNameServer("silent");
    const system = heldResolve();
    const byDns = createResolveByDns([server], { timeout: 500, tries: 1 });
    const resolve = createResolve({ byDns, bySystem: system.resolve });
    const dead = Array.from({ length: 20 }, (_, n) => resolve(`dead${n}.example`).catch((error: unknown) => error));
    expect(await createResolve()("localhost")).toContainEqual(found("127.0.0.1")[0]);
    expect(await Promise.race([...dead, Promise.resolve("still silent")])).toBe("still silent");
    for (const error of await Promise.all(dead)) expect(error).toMatchObject({ code: "ETIMEOUT" });
    expect(asked.count).toBeGreaterThanOrEqual(40);
    expect(system.asked).toEqual([]);
  });

  it("are asked of the machine, one name at a time, where DNS does not know them", async () => {
    const system = heldResolve();
    const resolve = createResolve({ byDns: fails("ENOTFOUND"), bySystem: system.resolve });
    const [dead, good] = [resolve("dead.example"), resolve("good.example")];
    await expect.poll(() => system.asked).toEqual(["dead.example"]);
    const alone = resolve("receiver");
    system.answer("dead.example");
    await dead;
    await expect.poll(() => system.asked).toEqual(["dead.example", "good.example"]);
    system.answer("good.example");
    expect(await good).toEqual(found("192.0.2.1"));
    await expect.poll(() => system.asked).toEqual(["dead.example", "good.example", "receiver"]);
    system.answer("receiver");
    await alone;
  });

  it("are looked up again after a look-up failed", async () => {
    const answers = [fails("ENOTFOUND"), async () => found("192.0.2.1")];
    const bySystem: Resolve = (hostname) => (answers.shift() ?? fails("ENOTFOUND"))(hostname);
    const resolve = createResolve({ byDns: fails("ENODATA"), bySystem });
    await expect(resolve("good.example")).rejects.toMatchObject({ code: "ENOTFOUND" });
    expect(await resolve("good.example")).toEqual(found("192.0.2.1"));
  });

  it("are looked up once for all that ask at the same time, and anew for the next", async () => {
    const dns = heldResolve();
    const resolve = createResolve({ byDns: dns.resolve });
    const both = [resolve("good.example"), resolve("good.example")];
    await expect.poll(() => dns.asked).toHaveLength(1);
    dns.answer("good.example");
    expect(await Promise.all(both)).toEqual([found("192.0.2.1"), found("192.0.2.1")]);
    const next = resolve("good.example");
    dns.answer("good.example");
    await next;
    expect(dns.asked).toHaveLength(2);
  });

  it.each(["localhost", "receiver", "receiver.localhost"])("are asked of the machine for %s", async (hostname) => {
    const resolve = createResolve({ byDns: fails("ETIMEOUT"), bySystem: async () => found("127.0.0.1") });
    expect(await resolve(hostname)).toEqual(found("127.0.0.1"));
  });
});
