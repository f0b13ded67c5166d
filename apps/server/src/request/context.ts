import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  AppError,
  personalTokenPrefix,
  type Caller,
  type Context,
  type RateLimitStatus,
  type RequestFacts,
  type UseCases,
} from "@deepbot/api/server";
import { defaultLocale, locales, type ErrorCode, type Locale, type Locate } from "@deepbot/contract";
import Negotiator from "negotiator";
import type { CookieWriter, RequestCookies, SessionCookie } from "../plugins/session-cookie.ts";
import type { Client, FindClient } from "./client-address.ts";

/** One request and the response to it. */
export interface RequestContext extends RequestFacts {
  req: IncomingMessage;
  res: ServerResponse;
  /** Response headers. They are sent together with the status. */
  headers: Record<string, string>;
  client: Client;
  /** The quotas that the request used, each once. */
  rateLimits: readonly RateLimitStatus[];
  method: string;
  /** Still percent-encoded, without a trailing slash. */
  path: string;
  query: URLSearchParams;
  /** Name of the route, for metrics. The set of names is closed: callers cannot add to it. */
  operation: string;
  /** Whether the person meant to send their cookies: no foreign page made the request. Set by the request guard. */
  mayUseCookies: boolean;
  /** Codes of its error responses. A batch can have several. */
  errors: ErrorCode[];
  /** Aborted when the client disconnects before the response is complete, if anybody wants to know. */
  disconnect?: AbortController;
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
  const client = findClient(req);
  return {
    req,
    res,
    headers: commonHeaders(requestId),
    requestId,
    locale: localeOf(req),
    address: client.network,
    client,
    rateLimits: [],
    method: req.method ?? "",
    path: "",
    query: noQuery,
    operation: "none",
    mayUseCookies: false,
    errors: [],
  };
}

/** A header that was sent at most once. Node joins repeated values of ours with commas, and no key contains one. */
export function headerOf(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return typeof value === "string" ? value : undefined;
}

/** @see https://www.w3.org/TR/trace-context/#traceparent-header */
const traceparentForm = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

function traceparentOf(req: IncomingMessage): string | undefined {
  const value = headerOf(req, "traceparent");
  return value !== undefined && traceparentForm.test(value) ? value : undefined;
}

/** The keys of a request, each from its own header or as the bearer token. Which one it must be, the operation knows. */
interface Keys {
  /** Only as the bearer token. */
  personalToken: string | undefined;
  serviceKey: string | undefined;
  healthKey: string | undefined;
}

const bearerForm = /^Bearer +(\S+)$/i;

/** What other programs may take for a bearer token. */
const bearerLike = /^\s*bearer/i;

/**
 * Each bearer token of a request: `req.headers` has only the first of several headers.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1 Other schemes, such as a proxy's `Basic`, are no concern of ours.
 */
export function bearerTokensOf(req: IncomingMessage): string[] {
  if (req.headers.authorization === undefined) return [];
  const values = req.headersDistinct["authorization"] ?? [];
  return values.flatMap((value) => bearerForm.exec(value)?.[1] ?? []);
}

/** The sender of a token that cannot be read means that token: the request must not go on with another credential. */
function refuseMalformedBearers(req: IncomingMessage): void {
  if (req.headers.authorization === undefined) return;
  const values = req.headersDistinct["authorization"] ?? [];
  if (values.some((value) => bearerLike.test(value) && !bearerForm.test(value)))
    throw new AppError("authorization_malformed");
}

/**
 * Reads the keys of a request.
 *
 * @param sessionToken of the request's cookie
 * @throws {AppError} `credentials_mixed` when there is more than one credential: the request would get the rights of one while
 *   its sender meant the other; `authorization_malformed`
 */
export function readKeys(req: IncomingMessage, sessionToken?: string): Keys {
  refuseMalformedBearers(req);
  const bearers = bearerTokensOf(req);
  const [bearer] = bearers;
  const serviceKey = headerOf(req, "x-messages-key");
  const healthKey = headerOf(req, "x-health-key");
  const given = [sessionToken, ...bearers, serviceKey, healthKey].filter((credential) => credential !== undefined);
  if (given.length > 1) throw new AppError("credentials_mixed");
  const personalToken = bearer?.startsWith(personalTokenPrefix) === true ? bearer : undefined;
  return { personalToken, serviceKey: serviceKey ?? bearer, healthKey: healthKey ?? bearer };
}

function describePolicy({ policy, quota, windowSeconds }: RateLimitStatus): string {
  return `"${policy}";q=${quota};w=${windowSeconds}`;
}

function describeUse({ policy, remaining, resetSeconds }: RateLimitStatus): string {
  return `"${policy}";r=${remaining};t=${resetSeconds}`;
}

/** Both headers are lists: a batch may use several quotas. Of one quota the last use tells what is left. */
function setRateLimitHeaders({ headers }: RequestContext, uses: readonly RateLimitStatus[]): void {
  headers["RateLimit-Policy"] = uses.map(describePolicy).join(", ");
  headers["RateLimit"] = uses.map(describeUse).join(", ");
}

/**
 * Tells the client of a quota that its request used, and when to come back if that was too much.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10
 */
function addRateLimit(request: RequestContext, use: RateLimitStatus): void {
  const others = request.rateLimits.filter(({ policy }) => policy !== use.policy);
  request.rateLimits = others.length === 0 ? [use] : [...others, use];
  setRateLimitHeaders(request, request.rateLimits);
  if (use.refused) request.headers["Retry-After"] = String(use.resetSeconds);
}

/** What the transports need to call a procedure. */
export interface ProcedureDeps {
  useCases: UseCases;
  sessionCookie: SessionCookie;
  countRefusals: CountRefusals;
}

/** @throws {AppError} as `procedureContext` */
function readCredentials(
  { req, mayUseCookies }: RequestContext,
  sessionCookie: SessionCookie,
): { cookies: RequestCookies; keys: Keys } {
  const cookies = sessionCookie.read(req);
  if (cookies.sessionToken !== undefined && !mayUseCookies) throw new AppError("origin_refused");
  return { cookies, keys: readKeys(req, cookies.sessionToken) };
}

/** A program with a personal token keeps no cookies. */
const noCookies: CookieWriter = { setSessionToken: () => {}, renewSessionToken: () => {}, setNonce: () => {} };

/**
 * The context that procedures receive.
 *
 * @throws {AppError} `origin_refused` for a foreign page's read with the person's cookie, `credentials_mixed`,
 *   `authorization_malformed`
 */
export function procedureContext(
  request: RequestContext,
  { useCases, sessionCookie, countRefusals }: ProcedureDeps,
): Context {
  const { req, res, requestId, locale, client } = request;
  const { cookies, keys } = countRefusals(request, () => readCredentials(request, sessionCookie));
  const caller: Caller = {
    requestId,
    locale,
    ...client,
    userAgent: headerOf(req, "user-agent"),
    traceparent: traceparentOf(req),
    ...cookies,
    ...keys,
  };
  const cookieWriter = caller.personalToken === undefined ? sessionCookie.write(res, cookies) : noCookies;
  return {
    useCases,
    caller,
    ...cookieWriter,
    reportRateLimit: (status) => addRateLimit(request, status),
  };
}

/**
 * Runs a check that comes before any procedure. Its refusals are counted by address.
 *
 * @throws what the check throws; {AppError} `too_many_requests` in its place
 */
export type CountRefusals = <Result>(request: RequestContext, check: () => Result) => Result;

export function createCountRefusals({ rateLimits }: Pick<UseCases, "rateLimits">): CountRefusals {
  return (request, check) => {
    try {
      return check();
    } catch (error) {
      countAddress(request, "refused", rateLimits);
      throw error;
    }
  };
}

/** Counts a request by its address. @throws {AppError} `too_many_requests` */
export function countAddress(
  request: RequestContext,
  policy: "refused" | "public",
  rateLimits: UseCases["rateLimits"],
): void {
  const report = (status: RateLimitStatus): void => addRateLimit(request, status);
  rateLimits.count({ policy, subject: request.client.network, report });
}

/** Aborts when the client disconnects before the response is complete. */
export function abortOnDisconnect(request: RequestContext): AbortSignal {
  request.disconnect ??= new AbortController();
  return request.disconnect.signal;
}
