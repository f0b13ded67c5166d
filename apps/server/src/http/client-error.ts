import { randomUUID } from "node:crypto";
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { errorCode } from "@deepbot/db";
import { commonHeaders } from "./headers.ts";
import { sendEmpty } from "./respond.ts";

/** What Node's parser and its clocks refuse. Everything else that they raise is a broken request. */
const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers what never became a request, with the headers of every other answer. */
export function answerClientError(error: Error, socket: Duplex): void {
  const code = errorCode(error) ?? "";
  if (!socket.writable || code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const status = statuses[code] ?? 400;
  const headers = { ...commonHeaders(randomUUID()), "Content-Length": "0", Connection: "close" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("\r\n")}\r\n\r\n`);
}

/** Answers an `Expect` that is not `100-continue`. */
export function refuseExpectation(_req: IncomingMessage, res: ServerResponse): void {
  sendEmpty({ res, headers: commonHeaders(randomUUID()) }, 417);
}
