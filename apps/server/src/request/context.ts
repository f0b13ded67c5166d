import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Caller, Context, RateLimitStatus, UseCases } from "@deepbot/api/server";
import { defaultLocale, locales, timing, type Locale, type Locate, type Problem } from "@deepbot/contract";
import Negotiator from "negotiator";
import type { SessionCookie } from "../plugins/session-cookie.ts";
import type { Client, FindClient } from "./client-address.ts";

/** One request and the response to it. */
export interface RequestContext {
  req: IncomingMessage;
  res: ServerResponse;
  /** Response headers. They are sent together with the status. */
  headers: Record<string, string>;
  requestId: string;
  locale: Locale;
  client: Client;
  /** The quotas that the request used, each once. */
  rateLimits: readonly RateLimitStatus[];
  method: string;
  /** Still percent-encoded, without a trailing slash. */
  path: string;
  query: URLSearchParams;
  /** Name of the route, for metrics. The set of names is closed: callers cannot add to it. */
  operation: string;
  /** Says in which part of the request each key of the input was. Without it every key counts as part of the body. */
  locate?: Locate;
}

/** The query of a request without one. Shared, so nobody may write to it. */
const noQuery = new URLSearchParams();

const acceptableRequestId = /^[\w.-]{8,128}$/;

function requestIdOf(req: IncomingMessage): string {
  const given = req.headers["x-request-id"];
  return typeof given === "string" && acceptableRequestId.test(given) ? given : randomUUID();
}

/** Our language that `Accept-Language` prefers. */
function localeOf(req: IncomingMessage): Locale {
  if (req.headers["accept-language"] === undefined) return defaultLocale;
  const preferred = new Negotiator(req).language([...locales]);
  return locales.find((locale) => locale === preferred) ?? defaultLocale;
}

const fixedHeaders = {
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-site",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  Vary: "Origin",
};

/** Headers of every response. */
export function commonHeaders(requestId: string): Record<string, string> {
  return { "X-Request-Id": requestId, ...fixedHeaders };
}

/** The context of a request whose target nothing has checked yet. */
export function createRequestContext(
  req: IncomingMessage,
  res: ServerResponse,
  findClient: FindClient,
): RequestContext {
  const requestId = requestIdOf(req);
  return {
    req,
    res,
    headers: commonHeaders(requestId),
    requestId,
    locale: localeOf(req),
    client: findClient(req),
    rateLimits: [],
    method: req.method ?? "",
    path: "",
    query: noQuery,
    operation: "none",
  };
}

/** A header that was sent at most once. Node joins repeated values of ours with commas, and no key contains one. */
export function headerOf(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return typeof value === "string" ? value : undefined;
}

/** Both headers are lists: a batch may use several quotas. Of one quota the last use tells what is left. */
function setRateLimitHeaders({ headers }: RequestContext, uses: readonly RateLimitStatus[]): void {
  headers["RateLimit-Policy"] = uses
    .map(({ policy, quota, windowSeconds }) => `"${policy}";q=${quota};w=${windowSeconds}`)
    .join(", ");
  headers["RateLimit"] = uses
    .map(({ policy, remaining, resetSeconds }) => `"${policy}";r=${remaining};t=${resetSeconds}`)
    .join(", ");
}

/**
 * Tells the client of a quota that its request used, and when to come back if that was too much.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10
 */
function addRateLimit(request: RequestContext, use: RateLimitStatus): void {
  request.rateLimits = [...request.rateLimits.filter(({ policy }) => policy !== use.policy), use];
  setRateLimitHeaders(request, request.rateLimits);
  if (use.refused) request.headers["Retry-After"] = String(use.resetSeconds);
}

/** What the transports need to call a procedure. */
export interface ProcedureDeps {
  useCases: UseCases;
  sessionCookie: SessionCookie;
}

/** The context that procedures receive. */
export function procedureContext(request: RequestContext, { useCases, sessionCookie }: ProcedureDeps): Context {
  const { req, res, requestId, locale, client } = request;
  const caller: Caller = {
    requestId,
    locale,
    ...client,
    userAgent: headerOf(req, "user-agent"),
    sessionToken: sessionCookie.read(req),
    serviceKey: headerOf(req, "x-messages-key"),
    healthKey: headerOf(req, "x-health-key"),
  };
  return {
    useCases,
    caller,
    setSessionToken: (token) => sessionCookie.write(res, token),
    reportRateLimit: (status) => addRateLimit(request, status),
  };
}

/**
 * Runs a check that comes before any procedure. What it refuses is counted by address.
 *
 * @throws what the check throws; {AppError} `too_many_requests` in its place
 */
export type CountRefusals = <Result>(request: RequestContext, check: () => Result) => Result;

export function createCountRefusals({ rateLimits }: Pick<UseCases, "rateLimits">): CountRefusals {
  return (request, check) => {
    try {
      return check();
    } catch (error) {
      const report = (status: RateLimitStatus): void => addRateLimit(request, status);
      rateLimits.count({ policy: "refused", subject: request.client.network, report });
      throw error;
    }
  };
}

/** Aborts when the client disconnects before the response is complete. */
export function abortOnDisconnect({ res }: RequestContext): AbortSignal {
  const controller = new AbortController();
  res.once("close", () => {
    if (!res.writableFinished) controller.abort();
  });
  return controller.signal;
}

type Recipient = Pick<RequestContext, "res" | "headers">;

/** Sends a response in one write, unless the client has disconnected. Node drops the body when the method is HEAD. */
export function sendResponse(
  { res, headers }: Recipient,
  { status, contentType, content }: { status: number; contentType: string; content: string | Buffer },
): void {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(status, {
    ...headers,
    ...(status === 503 ? { "Retry-After": String(timing.retryAfterSeconds) } : {}),
    "Content-Type": contentType,
    "Content-Length": Buffer.byteLength(content),
  });
  res.end(content);
}

export function sendJson(to: Recipient, status: number, value: unknown): void {
  sendResponse(to, { status, contentType: "application/json; charset=utf-8", content: JSON.stringify(value) });
}

export function sendProblem(to: Recipient, problem: Problem): void {
  const { status } = problem;
  sendResponse(to, {
    status,
    contentType: "application/problem+json; charset=utf-8",
    content: JSON.stringify(problem),
  });
}

export function sendEmpty({ res, headers }: Recipient, status: number): void {
  res.writeHead(status, { ...headers, "Content-Length": 0 });
  res.end();
}
