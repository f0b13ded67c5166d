import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { AppError, toProblem } from "@deepbot/api/server";
import { defaultLocale, type ErrorCode } from "@deepbot/contract";
import { errorCode } from "@deepbot/db";
import { networkOf } from "./client-address.ts";
import { commonHeaders } from "./context.ts";
import { problemType, sendProblem } from "./send.ts";

/** Our codes for errors that Node's parser and timeouts raise. All other errors of theirs are malformed requests. */
const codes: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: "headers_too_large",
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
};

/** Told of a request that no handler saw: how it was refused, and where it came from. */
export type OnUnserved = (status: number, address: string | undefined) => void;

/** Responds to bytes that never became a request, with the headers of every other response. */
function sendClientError(error: Error, { socket, onUnserved }: { socket: Duplex; onUnserved: OnUnserved }): void {
  const cause = errorCode(error) ?? "";
  if (!socket.writable || cause === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const requestId = randomUUID();
  const problem = toProblem(new AppError(codes[cause] ?? "http_malformed"), { locale: defaultLocale, requestId });
  const { status, title } = problem;
  onUnserved(status, socket instanceof Socket ? networkOf(socket.remoteAddress) : undefined);
  const body = JSON.stringify(problem);
  const headers = {
    ...commonHeaders(requestId),
    "Content-Type": problemType,
    "Content-Length": String(Buffer.byteLength(body)),
    Connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} ${title}\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
}

/** Refuses an `Expect` header other than `100-continue`. */
function refuseExpectation(res: ServerResponse): void {
  const requestId = randomUUID();
  const problem = toProblem(new AppError("expectation_failed"), { locale: defaultLocale, requestId });
  sendProblem({ res, headers: commonHeaders(requestId) }, problem);
}

/** Refuses what Node gives to no request handler. */
export function handleClientErrors(server: Server, onUnserved: OnUnserved): void {
  server.on("clientError", (error: Error, socket: Duplex) => sendClientError(error, { socket, onUnserved }));
  server.on("checkExpectation", (req: IncomingMessage, res: ServerResponse) => {
    onUnserved(417, networkOf(req.socket.remoteAddress));
    refuseExpectation(res);
  });
}
