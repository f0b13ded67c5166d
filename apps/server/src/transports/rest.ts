import { JsonStream } from "@deepbot/api/server";
import { endEventId, type Locate } from "@deepbot/contract";
import { TRPCError } from "@trpc/server";
import { ZodRealError } from "zod";
import {
  abortOnDisconnect,
  headerOf,
  procedureContext,
  type ProcedureDeps,
  type RequestContext,
} from "../request/context.ts";
import { jsonType, sendEmpty, sendJson } from "../request/send.ts";
import type { Matched, Route } from "../request/routes.ts";
import { sendParts } from "../request/send-parts.ts";
import { deprecationHeaders } from "./deprecation.ts";
import { listOperations, type Operation } from "./operations.ts";
import { isAsyncIterable, restEncoding, type EventStreams } from "./sse.ts";

export interface RestDeps extends ProcedureDeps {
  streams: EventStreams;
}

type Params = Matched["params"];

/** Converts text of a path or query for the schema: digits become a number where the schema expects one. */
function fromText({ numericKeys }: Operation, [key, text]: readonly [string, string]): [string, unknown] {
  return [key, numericKeys.has(key) && /^-?\d+$/.test(text) ? Number(text) : text];
}

function fromQuery(operation: Operation, query: URLSearchParams): Record<string, unknown> {
  const entries = [...query].filter(([key]) => operation.strict || operation.keys.has(key));
  return Object.fromEntries(entries.map((entry) => fromText(operation, entry)));
}

/** The position from which a client resumes an event stream. */
function lastEventId({ req }: RequestContext): { lastEventId?: string } {
  const id = headerOf(req, "last-event-id");
  return id === undefined || id === "" ? {} : { lastEventId: id };
}

/** Refuses path parameters in the body, as it refuses any other unknown key. */
function refusePathKeys(body: object, params: Params): void {
  const keys = Object.keys(params).filter((key) => key in body);
  if (keys.length === 0) return;
  const cause = new ZodRealError([{ code: "unrecognized_keys", keys, path: [], message: "" }]);
  throw new TRPCError({ code: "UNPROCESSABLE_CONTENT", cause });
}

/** Names of members that fit a header whatever they are. */
const plainName = /^[\w-]{1,64}$/;

const reportedNames = 10;

/** The original operations ignore members that they do not know. A client with a typing error can find it in a header. */
function reportIgnored({ headers }: RequestContext, body: object, keys: ReadonlySet<string>): void {
  const ignored = Object.keys(body).filter((key) => !keys.has(key) && plainName.test(key));
  if (ignored.length > 0) headers["X-Ignored-Fields"] = ignored.slice(0, reportedNames).join(", ");
}

async function readInput(operation: Operation, request: RequestContext, matched: Matched): Promise<unknown> {
  const { params, readBody } = matched;
  const path = Object.fromEntries(Object.entries(params).map((entry) => fromText(operation, entry)));
  if (operation.procedure.type === "subscription") {
    const { events } = operation.procedure.meta;
    return { ...events?.input, ...fromQuery(operation, request.query), ...lastEventId(request), ...path };
  }
  if (operation.inputInQuery) return { ...fromQuery(operation, request.query), ...path };
  const body = await readBody();
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  if (operation.strict) refusePathKeys(body, params);
  else reportIgnored(request, body, operation.keys);
  return { ...body, ...path };
}

function locateIn({ inputInQuery }: Operation, params: Params): Locate {
  const place = inputInQuery ? "query" : "body";
  return (keys, isUnknown) => {
    const isOfPath = !isUnknown && typeof keys[0] === "string" && keys[0] in params;
    return [isOfPath ? "path" : place, ...keys];
  };
}

async function sendOutput(
  request: RequestContext,
  { operation, streams }: { operation: Operation; streams: EventStreams },
  { output, signal }: { output: unknown; signal: AbortSignal },
): Promise<void> {
  const { type, meta } = operation.procedure;
  const { attachment } = meta;
  if (attachment !== undefined) request.headers["Content-Disposition"] = `attachment; filename="${attachment}"`;
  if (output instanceof JsonStream) {
    await sendParts(request, { status: operation.status, contentType: jsonType, parts: [output] });
  } else if (type !== "subscription" || !isAsyncIterable(output)) sendJson(request, operation.status, output);
  else if (request.req.headers["last-event-id"] === endEventId) sendEmpty(request, 204);
  else await streams.send(request, { events: output, encoding: restEncoding, signal });
}

function restRoute(operation: Operation, deps: RestDeps): Route {
  const { procedure, takesInput, inputInQuery, method, path } = operation;
  const { name, type, bodyLimit, meta } = procedure;
  const deprecation = deprecationHeaders(meta);
  return {
    name,
    method,
    path,
    bodyLimit,
    readsBody: takesInput && !inputInQuery,
    handle: async (request, matched) => {
      request.locate = locateIn(operation, matched.params);
      Object.assign(request.headers, deprecation);
      const signal = abortOnDisconnect(request);
      const output = await procedure.call({
        ctx: procedureContext(request, deps),
        path: name,
        type,
        batchIndex: 0,
        getRawInput: async () => (takesInput ? readInput(operation, request, matched) : undefined),
        signal,
      });
      await sendOutput(request, { operation, streams: deps.streams }, { output, signal });
    },
  };
}

/**
 * A route for each procedure that has a REST path. We do not use the handlers of trpc-to-openapi: they end the process on
 * `GET //`, change shared schemas at the first call and never abort a procedure whose client disconnected.
 */
export function restRoutes(deps: RestDeps): Route[] {
  return listOperations().map((operation) => restRoute(operation, deps));
}
