import { EdgeError } from "@deepbot/api/server";
import type { Exchange } from "./exchange.ts";
import { sendEmpty } from "./respond.ts";

const preflightHeaders = {
  "Access-Control-Allow-Methods": "GET, HEAD, POST, DELETE",
  "Access-Control-Allow-Headers": "Content-Type, Accept-Language, X-Request-Id, Last-Event-ID, Trpc-Accept",
  "Access-Control-Max-Age": "600",
};

/** Lets the one configured origin read the answer, errors included. Everybody else gets no such header. */
export function setCorsHeaders({ req, res }: Pick<Exchange, "req" | "res">, frontOrigin: string): void {
  res.setHeader("Vary", "Origin");
  if (req.headers.origin !== frontOrigin) return;
  res.setHeader("Access-Control-Allow-Origin", frontOrigin);
  res.setHeader("Access-Control-Allow-Credentials", "true");
  res.setHeader("Access-Control-Expose-Headers", "X-Request-Id, Retry-After");
}

/** Answers a preflight. Returns false when the request is none. */
export function answerPreflight({ req, res, method }: Exchange, frontOrigin: string): boolean {
  if (method !== "OPTIONS" || req.headers["access-control-request-method"] === undefined) return false;
  if (req.headers.origin !== frontOrigin) throw new EdgeError("origin_refused");
  for (const [name, value] of Object.entries(preflightHeaders)) res.setHeader(name, value);
  sendEmpty(res, 204);
  return true;
}
