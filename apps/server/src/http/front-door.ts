import type { IncomingMessage } from "node:http";
import { EdgeError } from "@deepbot/api/server";

const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

const maxTargetLength = 4096;

/** Path in origin form: one slash first, visible ASCII without what a URL must escape. */
const originForm = /^\/(?!\/)[!$-;=?-Z_a-z~@&'%]*$/;

/** A name, an IPv4 address or an IPv6 address in brackets, with or without a port. */
const hostForm = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9.])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** Of most requests. Nobody writes to it. */
export const noQuery: URLSearchParams = new URLSearchParams();

const dangerousKeys = new Set(["__proto__", "constructor", "prototype"]);

export interface Target {
  method: string;
  path: string;
  query: URLSearchParams;
}

/** The values of `Host`, of which Node keeps the first only. `rawHeaders` has names and values in turns. */
function hostsOf({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === "host");
}

function checkHost([host, ...more]: readonly string[], allowedHosts: readonly string[]): void {
  if (host === undefined || more.length > 0 || !hostForm.test(host)) throw new EdgeError("bad_request");
  const name = host.toLowerCase().replace(/:\d+$/, "");
  if (allowedHosts.length > 0 && !allowedHosts.includes(name)) throw new EdgeError("misdirected_request");
}

function readQuery(text: string): URLSearchParams {
  if (text === "") return noQuery;
  const query = new URLSearchParams(text);
  const names = [...query.keys()];
  if (new Set(names).size !== names.length) throw new EdgeError("bad_request");
  if (names.some((name) => dangerousKeys.has(name))) throw new EdgeError("bad_request");
  return query;
}

/** What comes after must see the path that we see: no escapes that are none, no segments that lead elsewhere. */
function checkSegments(path: string): void {
  if (!path.includes("%") && !path.includes("/.")) return;
  try {
    const segments = decodeURIComponent(path).split("/");
    const isPlain = segments.every((segment) => segment !== "." && segment !== ".." && !segment.includes("\u0000"));
    if (!isPlain) throw new EdgeError("bad_request");
  } catch {
    throw new EdgeError("bad_request");
  }
}

/**
 * Refuses what must not get any further, before anything else looks at the request.
 *
 * @throws {EdgeError}
 */
export function checkTarget(req: IncomingMessage, allowedHosts: readonly string[]): Target {
  const { method = "", url = "" } = req;
  if (!methods.has(method)) throw new EdgeError("method_not_allowed");
  if (url.length > maxTargetLength) throw new EdgeError("uri_too_long");
  if (!originForm.test(url)) throw new EdgeError("bad_request");
  checkHost(hostsOf(req), allowedHosts);
  const mark = url.indexOf("?");
  const rawPath = mark === -1 ? url : url.slice(0, mark);
  checkSegments(rawPath);
  const path = rawPath.length > 1 && rawPath.endsWith("/") ? rawPath.slice(0, -1) : rawPath;
  return { method, path, query: readQuery(mark === -1 ? "" : url.slice(mark + 1)) };
}

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses writes that a browser sends for a foreign site, be it with our cookie or to get one. Clients that are no browsers
 * send neither header and pass: they hold no cookie but their own.
 *
 * @see https://pkg.go.dev/net/http#CrossOriginProtection the algorithm
 * @throws {EdgeError} `origin_refused`
 */
export function checkOrigin(req: IncomingMessage, frontOrigin: string): void {
  if (safeMethods.has(req.method ?? "")) return;
  const { origin, host } = req.headers;
  const site = req.headers["sec-fetch-site"];
  if (site === "same-origin" || site === "none" || origin === frontOrigin) return;
  if (site === undefined && (origin === undefined || URL.parse(origin)?.host === host)) return;
  throw new EdgeError("origin_refused");
}

/** Throws for keys that reach into prototypes, and for nesting that only an attack has. */
export function checkShape(value: unknown, depthLeft = 20): void {
  if (typeof value !== "object" || value === null) return;
  if (depthLeft === 0) throw new EdgeError("bad_request");
  for (const [key, child] of Object.entries(value)) {
    if (dangerousKeys.has(key)) throw new EdgeError("bad_request");
    checkShape(child, depthLeft - 1);
  }
}
