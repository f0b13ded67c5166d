import type { IncomingMessage } from "node:http";
import { AppError, personalTokenPrefix } from "@deepbot/api/server";
import { limits } from "@deepbot/contract";
import { bearerTokensOf, type RequestContext } from "./context.ts";
import { sendEmpty } from "./send.ts";

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Value of `Allow` for methods that no route has. */
const allMethods = methods.join(", ");

/** Path in origin form: exactly one leading slash, then visible ASCII that a URL need not escape. */
const originForm = /^\/(?!\/)[!$-;=?-Z_a-z~@&'%]*$/;

/** A name, an IPv4 address or an IPv6 address in brackets, with or without a port. */
const hostForm = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9.])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** Keys that reach into prototypes. */
const dangerousKeys = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Served under any well-formed host: a scrape or a probe addresses a server by its IP. They take no cookie, and the metrics
 * want a key, so a foreign name that resolves to us gains nothing.
 */
const probePaths: ReadonlySet<string> = new Set(["/livez", "/readyz", "/metrics"]);

export interface GuardOptions {
  /** The one foreign origin that browsers may call from. */
  frontOrigin: string;
  /** Under which browsers see this server, whatever stands in between. */
  ownScheme: "http:" | "https:";
  /** Host names that are served. Probes and metrics are served under any name. */
  allowedHosts: readonly string[];
}

type OwnOrigins = Pick<GuardOptions, "frontOrigin" | "ownScheme">;

/** Every value of `Host`. Node keeps only the first one, but `rawHeaders` alternates all names and values. */
function hostsOf({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === "host");
}

function checkHost([host, ...more]: readonly string[], isAllowed: (name: string) => boolean): void {
  if (host === undefined || more.length > 0 || !hostForm.test(host)) throw new AppError("host_malformed");
  if (!isAllowed(host.toLowerCase().replace(/:\d+$/, ""))) throw new AppError("misdirected_request");
}

function parseQuery(text: string): URLSearchParams {
  const query = new URLSearchParams(text);
  const names = [...query.keys()];
  if (new Set(names).size !== names.length) throw new AppError("query_malformed");
  if (names.some((name) => dangerousKeys.has(name))) throw new AppError("query_malformed");
  return query;
}

/** Refuses paths that another parser could read differently: broken escapes, dot segments, NUL. */
function checkSegments(path: string): void {
  if (!path.includes("%") && !path.includes("/.")) return;
  try {
    const segments = decodeURIComponent(path).split("/");
    const isPlain = segments.every((segment) => segment !== "." && segment !== ".." && !segment.includes("\u0000"));
    if (!isPlain) throw new AppError("target_malformed");
  } catch {
    throw new AppError("target_malformed");
  }
}

/** Checks the request line and `Host`, and stores the path and the query in the context. */
function checkTarget(request: RequestContext, allowedHosts: readonly string[]): void {
  const { req, method, headers } = request;
  const { url = "" } = req;
  if (!methods.includes(method)) {
    headers["Allow"] = allMethods;
    throw new AppError("method_not_allowed");
  }
  if (url.length > limits.targetMaxBytes) throw new AppError("uri_too_long");
  if (!originForm.test(url)) throw new AppError("target_malformed");
  const mark = url.indexOf("?");
  const path = mark === -1 ? url : url.slice(0, mark);
  checkHost(hostsOf(req), (name) => probePaths.has(path) || allowedHosts.includes(name));
  checkSegments(path);
  request.path = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
  if (mark !== -1 && mark < url.length - 1) request.query = parseQuery(url.slice(mark + 1));
}

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/** Unlike Go's rule this compares the scheme too: a page that came over http may have been changed on its way. */
function isOwnOrigin(origin: string, scheme: string, host: string | undefined): boolean {
  const url = URL.parse(origin);
  return url?.protocol === scheme && url.host === host;
}

/**
 * Whether a browser sends the request on behalf of a foreign site. Other clients send neither header: they have no cookies
 * but their own.
 *
 * @see https://pkg.go.dev/net/http#CrossOriginProtection for the algorithm
 */
function isForeign({ req }: RequestContext, { frontOrigin, ownScheme }: OwnOrigins): boolean {
  const { origin, host } = req.headers;
  const site = req.headers["sec-fetch-site"];
  if (site === "same-origin" || site === "none" || origin === frontOrigin) return false;
  return site !== undefined || (origin !== undefined && !isOwnOrigin(origin, ownScheme, host));
}

/**
 * Refuses writes of foreign sites, with or without our cookie; their reads get no further than what needs no cookie. A link
 * on a page of a sibling host comes without an origin. The front end may be there, and a page cannot read what it links to.
 */
function checkOrigin(request: RequestContext, origins: OwnOrigins): void {
  const { req, method } = request;
  const foreign = isForeign(request, origins);
  // No browser sends a personal token by itself, and a cookie beside it is refused.
  const isOwnProgram = bearerTokensOf(req)[0]?.startsWith(personalTokenPrefix) === true;
  if (foreign && !isOwnProgram && !safeMethods.has(method)) throw new AppError("origin_refused");
  const isSiblingLink = req.headers["sec-fetch-site"] === "same-site" && req.headers.origin === undefined;
  request.mayUseCookies = !foreign || isSiblingLink;
}

/** Lets the front end's origin read the response, errors included. */
function addCorsHeaders({ req, headers }: RequestContext, frontOrigin: string): void {
  if (req.headers.origin !== frontOrigin) return;
  Object.assign(headers, {
    "Access-Control-Allow-Origin": frontOrigin,
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Expose-Headers":
      "X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, Deprecation, Link, X-Ignored-Fields",
  });
}

const preflightHeaders = {
  "Access-Control-Allow-Methods": "GET, HEAD, POST, PATCH, DELETE",
  "Access-Control-Allow-Headers": "Content-Type, Accept-Language, X-Request-Id, Last-Event-ID, Trpc-Accept",
  "Access-Control-Max-Age": "600",
};

/** @returns whether the request was a preflight, which is answered now */
function handlePreflight(request: RequestContext, frontOrigin: string): boolean {
  const { req, headers, method } = request;
  if (method !== "OPTIONS" || req.headers["access-control-request-method"] === undefined) return false;
  if (req.headers.origin !== frontOrigin) throw new AppError("origin_refused");
  Object.assign(headers, preflightHeaders);
  sendEmpty(request, 204);
  return true;
}

/**
 * Checks everything about a request that does not depend on its route: request line, host, origin.
 *
 * @returns false if the request was a CORS preflight and has its response
 * @throws {AppError} if nothing else may see the request
 */
export function guardRequest(request: RequestContext, options: GuardOptions): boolean {
  const { frontOrigin, allowedHosts } = options;
  addCorsHeaders(request, frontOrigin);
  checkTarget(request, allowedHosts);
  if (handlePreflight(request, frontOrigin)) return false;
  checkOrigin(request, options);
  return true;
}

const jsonType = /^application\/json\s*(?:;.*)?$/i;

/** Levels of nesting that no honest request needs. */
const maxDepth = 20;

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/**
 * Checks a body by its headers. Only JSON passes, so that no HTML form of a foreign page reaches a procedure. A body
 * without a content type counts as JSON, because clients of the original back end send none.
 *
 * @throws {AppError} `unsupported_media_type`, `content_encoding_refused`, `payload_too_large`
 */
export function checkBodyHeaders(req: IncomingMessage, limit: number): void {
  if (!hasBody(req)) return;
  const type = req.headers["content-type"];
  if (type !== undefined && !jsonType.test(type)) throw new AppError("unsupported_media_type");
  const encoding = req.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") throw new AppError("content_encoding_refused", { encoding: encoding.slice(0, 20) });
  if (Number(req.headers["content-length"] ?? 0) > limit) throw new AppError("payload_too_large", { limit });
}

/** Uses listeners because iterating over a request costs several times as much. */
function readBytes(req: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > limit) finish(() => reject(new AppError("payload_too_large", { limit })));
    };
    const onEnd = (): void => finish(() => resolve(Buffer.concat(chunks, size)));
    const onDisconnect = (): void => finish(() => reject(new AppError("request_failed")));
    const finish = (conclude: () => void): void => {
      req.off("data", onData).off("end", onEnd).off("close", onDisconnect).off("error", onDisconnect);
      // Discards the rest: the refusal still has to travel on this connection.
      req.resume();
      conclude();
    };
    req.on("data", onData).once("end", onEnd).once("close", onDisconnect).once("error", onDisconnect);
    if (req.destroyed) onDisconnect();
  });
}

function checkShape(value: unknown, depthLeft: number): void {
  if (typeof value !== "object" || value === null) return;
  if (depthLeft === 0) throw new AppError("body_malformed");
  for (const [key, child] of Object.entries(value)) {
    if (dangerousKeys.has(key)) throw new AppError("body_malformed");
    checkShape(child, depthLeft - 1);
  }
}

/**
 * Parses JSON from a request. An empty text is an empty object.
 *
 * @throws {AppError} `json_invalid`; `body_malformed` for keys that reach into prototypes and for excessive nesting
 */
export function parseJson(text: string): unknown {
  if (text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AppError("json_invalid");
  }
  checkShape(value, maxDepth);
  return value;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new AppError("json_invalid");
  }
}

/**
 * Reads and parses the body of a request. A request without a body has an empty object.
 *
 * @throws {AppError} as `parseJson`; `payload_too_large`; `request_failed` if the client disconnected
 */
export async function readJson(req: IncomingMessage, limit: number): Promise<unknown> {
  return parseJson(decode(await readBytes(req, limit)));
}
