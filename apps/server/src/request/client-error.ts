import { randomUUID } from "node:crypto";
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { errorCode } from "@deepbot/db";
import { commonHeaders, sendEmpty } from "./context.ts";

/** Statuses of errors that Node's parser and timeouts raise. All other errors of theirs are malformed requests. */
const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Responds to bytes that never became a request, with the headers of every other response. */
export function sendClientError(error: Error, socket: Duplex): void {
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

/** Refuses an `Expect` header other than `100-continue`. */
export function refuseExpectation(_req: IncomingMessage, res: ServerResponse): void {
  sendEmpty({ res, headers: commonHeaders(randomUUID()) }, 417);
}
