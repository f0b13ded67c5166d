import { createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { issueCertificate } from "@deepbot/testing";
import { findProgram } from "@deepbot/testing/find-program";
import { describe, expect, it, onTestFinished } from "vitest";
import { createSendWebhook, type SendOptions } from "../../../src/webhooks/sending/send.ts";
import { respondWith, startReceiver, type Respond } from "../../support/receiver.ts";

const never = new AbortController().signal;
const request = { headers: { "content-type": "application/json" }, body: '{"a":"é"}' };

const sendTo = (url: string, options: Partial<SendOptions> = {}, stop = never) =>
  createSendWebhook({ timeoutMs: 5_000, allowPrivate: true, ...options })({ url, ...request }, stop);

const sendOnce = async (respond: Respond, options: Partial<SendOptions> = {}) => {
  const receiver = await startReceiver(respond);
  return { receiver, result: await sendTo(receiver.url, options) };
};

/** A receiver that writes whatever it wants. */
async function startRaw(serve: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe("a request to a receiver", () => {
  it("is one POST with the body as it was signed", async () => {
    const { receiver, result } = await sendOnce(respondWith(204));
    expect(result).toEqual({ status: 204, error: null, durationMs: expect.any(Number) });
    expect(receiver.received).toMatchObject([
      { method: "POST", path: "/hook", body: request.body, headers: { "content-length": "10" } },
    ]);
  });

  it.each([
    [400, "status"],
    [410, "status"],
    [500, "status"],
    [304, "redirect"],
  ])("that gets %i has failed", async (status, error) => {
    expect((await sendOnce(respondWith(status))).result).toMatchObject({ status, error });
  });

  it("does not follow a redirect", async () => {
    const target = await startReceiver();
    const { result } = await sendOnce(respondWith(307, { location: target.url }));
    expect(result).toMatchObject({ status: 307, error: "redirect" });
    expect(target.received).toEqual([]);
  });

  it("ends with its time when the receiver is silent", async () => {
    const { result } = await sendOnce(() => {}, { timeoutMs: 200 });
    expect(result).toMatchObject({ status: null, error: "timeout" });
  });

  it("takes the status of a receiver whose body trickles until the time is over", async () => {
    const { result } = await sendOnce(({ response }) => void response.writeHead(200).write("a"), { timeoutMs: 200 });
    expect(result).toMatchObject({ status: 200, error: null });
  });

  it("reads no more than the beginning of an endless body", async () => {
    let written = 0;
    const { result } = await sendOnce(({ response }) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024))) written += 64 * 1024;
      };
      response.on("drain", more);
      more();
    });
    expect(result).toMatchObject({ status: 200, error: null });
    expect(result.durationMs).toBeLessThan(4_000);
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  it.each([
    ["garbage", "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 3\r\n\r\n<<>"],
    ["a body that is shorter than it says", "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nshort"],
    ["a body that is longer than it says", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nlonger than that"],
  ])("succeeds with 200 and %s", async (_, answer) => {
    const url = await startRaw((socket) => socket.once("data", () => socket.end(answer)));
    expect(await sendTo(url)).toMatchObject({ status: 200, error: null });
  });

  it.each([
    ["connection", (socket: Socket) => void socket.destroy()],
    ["malformed", (socket: Socket) => void socket.end("220 mail.example.com ESMTP\r\n")],
  ])("names a broken line: %s", async (error, serve) => {
    expect(await sendTo(await startRaw((socket) => socket.once("data", () => serve(socket))))).toMatchObject({
      status: null,
      error,
    });
  });

  it.each([
    ["another protocol", "upgrade: websocket\r\nconnection: upgrade\r\n\r\n"],
    ["another protocol, and speaks it", "upgrade: websocket\r\nconnection: upgrade\r\n\r\nmore"],
    ["no protocol", "\r\n"],
  ])("has failed when the receiver switches to %s, and its connection is closed", async (_, rest) => {
    const closed = Promise.withResolvers<void>();
    const url = await startRaw((socket) => {
      socket.on("close", () => closed.resolve());
      socket.once("data", () => socket.write(`HTTP/1.1 101 Switching Protocols\r\n${rest}`));
    });
    expect(await sendTo(url, { timeoutMs: 2_000 })).toMatchObject({ status: 101, error: "status" });
    await closed.promise;
  });

  it("is over when the receiver says to wait, and closes", async () => {
    const url = await startRaw((socket) => socket.once("data", () => socket.end("HTTP/1.1 102 Processing\r\n\r\n")));
    expect(await sendTo(url)).toMatchObject({ status: null, error: "connection" });
  });

  it("ends with its time when the receiver says to wait for ever", async () => {
    const url = await startRaw((socket) => {
      const waiting = setInterval(() => socket.write("HTTP/1.1 100 Continue\r\n\r\n"), 20);
      socket.on("close", () => clearInterval(waiting));
    });
    expect(await sendTo(url, { timeoutMs: 200 })).toMatchObject({ status: null, error: "timeout" });
  });

  it("names a dead receiver, a missing name and one without TLS", async () => {
    const receiver = await startReceiver();
    const resolve = () => Promise.reject(new Error("There is no such name."));
    expect(await sendTo("http://127.0.0.1:1/")).toMatchObject({ error: "connection" });
    expect(await sendTo("http://nowhere.example/", { resolve })).toMatchObject({ error: "dns" });
    expect(await sendTo(receiver.url.replace("http:", "https:"))).toMatchObject({ error: "tls" });
  });

  it.runIf(findProgram("openssl") !== null)(
    "goes over TLS to a certificate of its host alone: needs openssl",
    async () => {
      const own = await issueCertificate("receiver", "IP:127.0.0.1");
      const foreign = await issueCertificate("another host", "DNS:other.test");
      const trusted = getCACertificates();
      setDefaultCACertificates([own.certificate, foreign.certificate]);
      onTestFinished(() => setDefaultCACertificates(trusted));
      const receiver = await startReceiver(respondWith(204), own);
      expect(await sendTo(receiver.url)).toMatchObject({ status: 204, error: null });
      expect(receiver.received).toMatchObject([{ body: request.body }]);
      const other = await startReceiver(respondWith(204), foreign);
      expect(await sendTo(other.url)).toMatchObject({ status: null, error: "tls" });
      expect(other.received).toEqual([]);
    },
  );

  it("is cut off when the server stops", async () => {
    const stop = new AbortController();
    const { url } = await startReceiver(() => stop.abort());
    expect(await sendTo(url, {}, stop.signal)).toMatchObject({ status: null, error: "stopped" });
  });
});

describe("the guard against private addresses", () => {
  const resolveTo =
    (...answers: string[][]): NonNullable<SendOptions["resolve"]> =>
    async () => {
      const addresses = answers.length > 1 ? answers.shift() : answers[0];
      return (addresses ?? []).map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    };

  it("refuses an address itself, and a name that leads to one", async () => {
    const { port, received } = await startReceiver();
    const strict = { allowPrivate: false };
    for (const host of ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost"]) {
      expect(await sendTo(`http://${host}:${port}/`, strict)).toMatchObject({ error: "address_refused" });
    }
    const mixed = resolveTo(["1.1.1.1", "127.0.0.1"]);
    const name = `http://receiver.example:${port}/`;
    expect(await sendTo(name, { ...strict, resolve: mixed })).toMatchObject({ error: "address_refused" });
    expect(received).toEqual([]);
  });

  it("checks the very address that is connected to, so a name that changes its mind gains nothing", async () => {
    const { port, received } = await startReceiver();
    const name = `http://receiver.example:${port}/`;
    const rebinding = resolveTo(["192.88.100.1"], ["127.0.0.1"]);
    const options = { allowPrivate: false, timeoutMs: 200, resolve: rebinding };
    const first = await sendTo(name, options);
    expect(["timeout", "connection"]).toContain(first.error);
    expect(await sendTo(name, options)).toMatchObject({ error: "address_refused" });
    expect(received).toEqual([]);
  });

  it("finds nothing at a name without an address", async () => {
    expect(await sendTo("http://receiver.example/", { resolve: resolveTo([]) })).toMatchObject({ error: "dns" });
  });

  it("looks a name up once for each request and connects to what it got", async () => {
    const { port, received } = await startReceiver();
    const changing = resolveTo(["127.0.0.1"], ["203.0.113.1"]);
    expect(await sendTo(`http://receiver.example:${port}/`, { resolve: changing })).toMatchObject({ status: 204 });
    expect(received[0]?.headers.host).toBe(`receiver.example:${port}`);
  });
});
