import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { statusOf, type ErrorCode } from "@deepbot/contract";
import { expect, onTestFinished, test } from "vitest";
import { handleClientErrors } from "../../src/request/client-error.ts";

/** What a server that takes requests for 50 ms and headers of 1 KiB says to these bytes. */
async function responseTo(bytes: Buffer | string): Promise<{ head: string; body: object }> {
  const limits = { headersTimeout: 50, requestTimeout: 50, connectionsCheckingInterval: 10, maxHeaderSize: 1024 };
  const server = createServer(limits, (_, res) => res.end());
  handleClientErrors(server, () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.write(bytes);
  const [head = "", body = ""] = (await text(socket)).split("\r\n\r\n");
  return { head, body: JSON.parse(body) as object };
}

test.each<[string, Buffer | string, ErrorCode]>([
  ["a request that never ends", "GET / HTTP/1.1\r\nHost: a\r\n", "request_timeout"],
  ["headers that are too large", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(2000)}\r\n\r\n`, "headers_too_large"],
  ["TLS on a port without it", Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), "http_malformed"],
])("%s gets a problem document", async (_, bytes, code) => {
  const status = statusOf(code);
  const { head, body } = await responseTo(bytes);
  expect(head).toMatch(new RegExp(String.raw`^HTTP/1\.1 ${status} \w`));
  expect(head).toContain("Content-Type: application/problem+json; charset=utf-8");
  expect(body).toMatchObject({ type: `/docs/problems/${code}`, status, code, detail: expect.stringMatching(/\.$/) });
});
