import { EdgeError } from "@deepbot/api/server";
import type { Exchange } from "./exchange.ts";
import { sendEmpty } from "./respond.ts";

const preflightHeaders = {
  "Access-Control-Allow-Methods": "GET, HEAD, POST, DELETE",
  "Access-Control-Allow-Headers": "Content-Type, Accept-Language, X-Request-Id, Last-Event-ID, Trpc-Accept",
  "Access-Control-Max-Age": "600",
};

/** Lets the one configured origin read the answer, errors included. Everybody else gets no such header. */
export function addCorsHeaders({ req, headers }: Exchange, frontOrigin: string): void {
  if (req.headers.origin !== frontOrigin) return;
  Object.assign(headers, {
    "Access-Control-Allow-Origin": frontOrigin,
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Expose-Headers": "X-Request-Id, Retry-After",
  });
}

/** Answers a preflight. Returns false when the request is none. */
export function answerPreflight(exchange: Exchange, frontOrigin: string): boolean {
  const { req, headers, method } = exchange;
  if (method !== "OPTIONS" || req.headers["access-control-request-method"] === undefined) return false;
  if (req.headers.origin !== frontOrigin) throw new EdgeError("origin_refused");
  Object.assign(headers, preflightHeaders);
  sendEmpty(exchange, 204);
  return true;
}
