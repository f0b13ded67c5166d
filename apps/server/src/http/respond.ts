import type { Problem } from "@deepbot/api/server";
import type { Exchange } from "./exchange.ts";

/** Where an answer goes, and what it carries whatever it says. */
export type Answer = Pick<Exchange, "res" | "headers">;

/** Seconds after which a client may try again what was refused with 503. */
const retryAfterSeconds = "2";

interface Body {
  status: number;
  contentType: string;
  content: string | Buffer;
}

/** Writes an answer in one piece, unless the client has left. To HEAD, Node sends the headers only. */
export function send({ res, headers }: Answer, { status, contentType, content }: Body): void {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(status, {
    ...headers,
    ...(status === 503 ? { "Retry-After": retryAfterSeconds } : {}),
    "Content-Type": contentType,
    "Content-Length": Buffer.byteLength(content),
  });
  res.end(content);
}

export function sendJson(answer: Answer, status: number, value: unknown): void {
  send(answer, { status, contentType: "application/json; charset=utf-8", content: JSON.stringify(value) });
}

export function sendProblem(answer: Answer, problem: Problem): void {
  send(answer, {
    status: problem.status,
    contentType: "application/problem+json; charset=utf-8",
    content: JSON.stringify(problem),
  });
}

export function sendEmpty({ res, headers }: Answer, status: number): void {
  res.writeHead(status, { ...headers, "Content-Length": 0 });
  res.end();
}
