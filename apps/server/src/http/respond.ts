import type { ServerResponse } from "node:http";
import type { Problem } from "@deepbot/api/server";

/** Seconds after which a client may try again what was refused with 503. */
const retryAfterSeconds = "2";

interface Body {
  status: number;
  contentType: string;
  content: string | Buffer;
}

/** Writes an answer in one piece, unless the client has left. To HEAD, Node sends the headers only. */
export function send(res: ServerResponse, { status, contentType, content }: Body): void {
  if (res.headersSent || res.destroyed) return;
  if (status === 503) res.setHeader("Retry-After", retryAfterSeconds);
  res.writeHead(status, { "Content-Type": contentType, "Content-Length": Buffer.byteLength(content) });
  res.end(content);
}

export function sendJson(res: ServerResponse, status: number, value: unknown): void {
  send(res, { status, contentType: "application/json; charset=utf-8", content: JSON.stringify(value) });
}

export function sendProblem(res: ServerResponse, problem: Problem): void {
  send(res, {
    status: problem.status,
    contentType: "application/problem+json; charset=utf-8",
    content: JSON.stringify(problem),
  });
}

export function sendEmpty(res: ServerResponse, status: number): void {
  res.writeHead(status, { "Content-Length": 0 });
  res.end();
}
