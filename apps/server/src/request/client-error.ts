import { randomUUID } from "node:crypto";
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { errorCode } from "@deepbot/db";
import { networkOf } from "./client-address.ts";
import { commonHeaders, sendEmpty } from "./context.ts";

/** Statuses of errors that Node's parser and timeouts raise. All other errors of theirs are malformed requests. */
const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Told of a request that no handler saw: how it was refused, and where it came from. */
export type OnUnserved = (status: number, address: string | undefined) => void;

/** Responds to bytes that never became a request, with the headers of every other response. */
function sendClientError(error: Error, { socket, onUnserved }: { socket: Duplex; onUnserved: OnUnserved }): void {
  const code = errorCode(error) ?? "";
  if (!socket.writable || code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const status = statuses[code] ?? 400;
  onUnserved(status, socket instanceof Socket ? networkOf(socket.remoteAddress) : undefined);
  const headers = { ...commonHeaders(randomUUID()), "Content-Length": "0", Connection: "close" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("\r\n")}\r\n\r\n`);
}

/** Refuses an `Expect` header other than `100-continue`. */
function refuseExpectation(res: ServerResponse): void {
  sendEmpty({ res, headers: commonHeaders(randomUUID()) }, 417);
}

/** Refuses what Node gives to no request handler. */
export function handleClientErrors(server: Server, onUnserved: OnUnserved): void {
  server.on("clientError", (error: Error, socket: Duplex) => sendClientError(error, { socket, onUnserved }));
  server.on("checkExpectation", (req: IncomingMessage, res: ServerResponse) => {
    onUnserved(417, networkOf(req.socket.remoteAddress));
    refuseExpectation(res);
  });
}
