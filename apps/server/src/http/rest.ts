import { EdgeError, endEventId, toProblem, type Locate } from "@deepbot/api/server";
import { TRPCError } from "@trpc/server";
import { ZodRealError } from "zod";
import { checkBodyHeaders, parseJson, readText } from "./body.ts";
import { createContext, type ContextDeps } from "./caller.ts";
import { sendEvents } from "./event-stream.ts";
import type { Exchange } from "./exchange.ts";
import type { OpenStreams } from "./open-streams.ts";
import { listOperations, type Operation } from "./operations.ts";
import { sendEmpty, sendJson, sendProblem } from "./respond.ts";
import { createRoutes, type Match } from "./routes.ts";

export interface RestDeps extends ContextDeps {
  streams: OpenStreams;
}

type Report = (error: unknown, exchange: Exchange) => void;

/** Text of a path or query as the schema wants it: digits become a number where one is expected. */
function fromText(operation: Operation, key: string, text: string): unknown {
  return operation.numericKeys.has(key) && /^-?\d+$/.test(text) ? Number(text) : text;
}

function fromQuery(operation: Operation, query: URLSearchParams): Record<string, unknown> {
  const entries = [...query].filter(([key]) => operation.strict || operation.keys.has(key));
  return Object.fromEntries(entries.map(([key, text]) => [key, fromText(operation, key, text)]));
}

function fromPath(operation: Operation, params: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(params).map(([key, text]) => [key, fromText(operation, key, text)]));
}

/** Where a client of an event stream says how far it has come. */
function lastEventId({ headers }: Exchange["req"]): { lastEventId?: string } {
  const id = headers["last-event-id"];
  return typeof id === "string" && id !== "" ? { lastEventId: id } : {};
}

/** A key of the path that stands in the body too is as unknown there as any other. */
function refuseKeysOfPath(body: object, params: Record<string, string>): void {
  const keys = Object.keys(params).filter((key) => key in body);
  if (keys.length === 0) return;
  const cause = new ZodRealError([{ code: "unrecognized_keys", keys, path: [], message: "" }]);
  throw new TRPCError({ code: "UNPROCESSABLE_CONTENT", cause });
}

async function readInput({ operation, params }: Match, { req, query }: Exchange): Promise<unknown> {
  const path = fromPath(operation, params);
  if (operation.streams) return { ...fromQuery(operation, query), ...lastEventId(req), ...path };
  if (operation.inputInQuery) return { ...fromQuery(operation, query), ...path };
  const body = parseJson(await readText(req, operation.bodyLimit));
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  if (operation.strict) refuseKeysOfPath(body, params);
  return { ...body, ...path };
}

/** Aborts when the client leaves before the answer is out. */
function abortOnLeave({ res }: Exchange): AbortSignal {
  const controller = new AbortController();
  res.once("close", () => {
    if (!res.writableFinished) controller.abort();
  });
  return controller.signal;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

async function run(match: Match, exchange: Exchange, deps: RestDeps): Promise<void> {
  const { operation } = match;
  const { req, res, headers } = exchange;
  checkBodyHeaders(req, operation.bodyLimit);
  if (!operation.takesInput) req.resume();
  const signal = abortOnLeave(exchange);
  const output = await operation.call({
    ctx: createContext(exchange, deps),
    getRawInput: () => (operation.takesInput ? readInput(match, exchange) : Promise.resolve(undefined)),
    signal,
  });
  const { attachment } = operation.meta;
  if (attachment !== undefined) headers["Content-Disposition"] = `attachment; filename="${attachment}"`;
  if (!isAsyncIterable(output)) sendJson(exchange, operation.status, output);
  else if (req.headers["last-event-id"] === endEventId) sendEmpty(exchange, 204);
  else {
    deps.streams.add(res);
    await sendEvents(exchange, { items: output, signal });
  }
}

function locateIn({ operation, params }: Match): Locate {
  const place = operation.inputInQuery ? "query" : "body";
  return (keys, isUnknown) => {
    const isOfPath = !isUnknown && typeof keys[0] === "string" && keys[0] in params;
    return [isOfPath ? "path" : place, ...keys];
  };
}

/**
 * The REST door: every procedure with a path is an operation. Our own instead of trpc-to-openapi's handlers, which end
 * the process on `GET //`, switch shared schemas to coercion and never abort.
 */
export function createRestHandler(deps: RestDeps, report: Report): (exchange: Exchange) => Promise<void> {
  const routes = createRoutes(listOperations());
  return async (exchange) => {
    const { headers, requestId, locale, method, path } = exchange;
    const match = routes.find(method, path);
    if (!("operation" in match)) {
      if (match.allowed.length === 0) throw new EdgeError("not_found");
      headers["Allow"] = match.allowed.join(", ");
      throw new EdgeError("method_not_allowed");
    }
    exchange.operation = match.operation.name;
    try {
      await run(match, exchange, deps);
    } catch (error) {
      report(error, exchange);
      sendProblem(exchange, toProblem(error, { locale, requestId, locate: locateIn(match) }));
    }
  };
}
