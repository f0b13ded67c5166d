import type { RequestListener } from "node:http";
import { AppError, requestScope } from "@deepbot/api/server";
import { limits } from "@deepbot/contract";
import type { HandleError } from "../plugins/problems.ts";
import type { LogRequest } from "../plugins/request-log.ts";
import type { FindClient } from "./client-address.ts";
import { createRequestContext, type CountRefusals, type RequestContext } from "./context.ts";
import { checkBodyHeaders, guardRequest, readJson, type GuardOptions } from "./guard.ts";
import type { StallGuard } from "./stall-guard.ts";

/** What a handler gets from the route that was found. */
export interface Matched {
  /** Decoded path parameters. */
  params: Readonly<Record<string, string>>;
  /** Reads the body as JSON, once. Only routes with `readsBody` may call it. */
  readBody: () => Promise<unknown>;
}

/** Something that the server serves. */
export interface Route {
  /** Name in metrics. */
  name: string;
  /** GET serves HEAD too. */
  method: string;
  /** With `{parameter}` segments. */
  path: string;
  /** Longest body in bytes. */
  bodyLimit: number;
  /** Whether the handler reads the body; if not, the body is discarded. */
  readsBody: boolean;
  handle: (request: RequestContext, matched: Matched) => void | Promise<void>;
}

/** The route of a page or a probe. */
export function getRoute(name: string, path: string, handle: Route["handle"]): Route {
  return { name, method: "GET", path, bodyLimit: limits.bodyMaxBytes, readsBody: false, handle };
}

export interface RouteTable {
  /**
   * Finds the route of a request.
   *
   * @throws {AppError} `not_found`; `method_not_allowed`, with `Allow` set
   */
  find: (request: RequestContext) => { route: Route; params: Record<string, string> };
}

interface Pattern {
  expression: RegExp;
  names: string[];
  byMethod: Map<string, Route>;
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

function compile(path: string): Pattern {
  const names: string[] = [];
  const source = path
    .split("/")
    .map((segment) => {
      if (!segment.startsWith("{")) return escape(segment);
      names.push(segment.slice(1, -1));
      return "([^/]+)";
    })
    .join("/");
  return { expression: new RegExp(`^${source}$`), names, byMethod: new Map() };
}

function paramsOf({ names }: Pattern, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(values[index] ?? "")]));
}

/** Characters of an unknown path that are shown to its caller. */
const shownPathLength = 200;

function refuse({ headers, path }: RequestContext, allowed: ReadonlySet<string>): never {
  if (allowed.size === 0) throw new AppError("not_found", { path: path.slice(0, shownPathLength) });
  headers["Allow"] = [...allowed, ...(allowed.has("GET") ? ["HEAD"] : [])].join(", ");
  throw new AppError("method_not_allowed");
}

/**
 * Everything that the server serves, in one table. A fixed path hides parametric paths that it would match.
 *
 * @throws if two routes share method and path
 */
export function createRouteTable(routes: readonly Route[]): RouteTable {
  const fixed = new Map<string, Pattern>();
  const parametric = new Map<string, Pattern>();
  for (const route of routes) {
    const patterns = route.path.includes("{") ? parametric : fixed;
    const pattern = patterns.get(route.path) ?? compile(route.path);
    if (pattern.byMethod.has(route.method)) throw new Error(`${route.method} ${route.path} has two routes.`);
    pattern.byMethod.set(route.method, route);
    patterns.set(route.path, pattern);
  }
  const patterns = [...parametric.values()];

  return {
    find: (request) => {
      const method = request.method === "HEAD" ? "GET" : request.method;
      const exact = fixed.get(request.path);
      if (exact !== undefined) {
        const route = exact.byMethod.get(method);
        return route === undefined ? refuse(request, new Set(exact.byMethod.keys())) : { route, params: {} };
      }
      const allowed = new Set<string>();
      for (const pattern of patterns) {
        const found = pattern.expression.exec(request.path);
        if (found === null) continue;
        const route = pattern.byMethod.get(method);
        if (route !== undefined) return { route, params: paramsOf(pattern, found.slice(1)) };
        for (const other of pattern.byMethod.keys()) allowed.add(other);
      }
      return refuse(request, allowed);
    },
  };
}

export interface HandlerDeps extends GuardOptions {
  routes: RouteTable;
  handleError: HandleError;
  findClient: FindClient;
  countRefusals: CountRefusals;
  /** Told of each request once its connection is done with it. */
  onEnd: LogRequest;
  /** Aborted once the server stops. */
  stopping: AbortSignal;
  stallGuard: StallGuard;
}

function prepareBody({ req }: RequestContext, { bodyLimit, readsBody }: Route): Matched["readBody"] {
  checkBodyHeaders(req, bodyLimit);
  if (!readsBody) req.resume();
  let body: Promise<unknown> | undefined;
  return () => (body ??= readJson(req, bodyLimit));
}

interface Found {
  route: Route;
  matched: Matched;
}

/** Checks a request and finds its route. @returns undefined if the request has its response already */
function findRoute(request: RequestContext, deps: HandlerDeps): Found | undefined {
  if (!guardRequest(request, deps)) return undefined;
  const { route, params } = deps.routes.find(request);
  request.operation = route.name;
  return { route, matched: { params, readBody: prepareBody(request, route) } };
}

/** The way of every request: guard, one look-up in the route table, the handler of the route. */
export function createHandler(deps: HandlerDeps): RequestListener {
  const { handleError, findClient, countRefusals, onEnd, stopping, stallGuard } = deps;

  const serve = async (request: RequestContext): Promise<void> => {
    try {
      const found = countRefusals(request, () => findRoute(request, deps));
      await found?.route.handle(request, found.matched);
    } catch (error) {
      handleError(error, request);
    }
  };

  return (req, res) => {
    const request = createRequestContext(req, res, findClient);
    const startedAt = performance.now();
    const { bytesWritten } = req.socket;
    const unwatch = stallGuard.watch(res);
    res.on("close", () => {
      unwatch();
      if (!res.writableFinished) request.disconnect?.abort();
      onEnd(request, {
        status: res.statusCode,
        ms: performance.now() - startedAt,
        bytes: req.socket.bytesWritten - bytesWritten,
        aborted: !res.writableFinished,
      });
    });
    if (stopping.aborted) request.headers["Connection"] = "close";
    void requestScope.run(request, serve, request);
  };
}
