import { AppError, appRouter, encodeOnce, JsonStream, type Context } from "@deepbot/api/server";
import { limits, timing } from "@deepbot/contract";
import { getTRPCErrorFromUnknown, getTRPCErrorShape, TRPCError } from "@trpc/server";
import type { ReportError } from "../plugins/problems.ts";
import { parseJson } from "../request/guard.ts";
import {
  abortOnDisconnect,
  headerOf,
  procedureContext,
  type CountRefusals,
  type ProcedureDeps,
  type RequestContext,
} from "../request/context.ts";
import { jsonType } from "../request/send.ts";
import type { Matched, Route } from "../request/routes.ts";
import { sendParts, type Parts } from "../request/send-parts.ts";
import { listProcedures, type Procedure } from "./operations.ts";
import { isAsyncIterable, type EventEncoding, type EventStreams } from "./sse.ts";

export interface TrpcDeps extends ProcedureDeps {
  streams: EventStreams;
  reportError: ReportError;
}

const prefix = "/trpc/";

/** Characters of an unknown name that are shown to its caller. */
const shownNameLength = 100;

/** One call of a request. A batch has several. */
interface Call {
  name: string;
  /** Undefined if there is no procedure of this name. */
  procedure: Procedure | undefined;
  index: number;
}

/** What the calls of one request share. */
interface CallScope {
  request: RequestContext;
  ctx: Context;
  isBatch: boolean;
  countRefusals: CountRefusals;
  /** Reads the inputs of all calls. */
  readInputs: () => Promise<unknown>;
  signal: AbortSignal;
}

type Envelope = { result: { data: unknown } } | { error: ErrorShape };

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The position from which a client resumes an event stream. The query serves clients that cannot set headers. */
function lastEventId({ req, query }: RequestContext): string | undefined {
  return headerOf(req, "last-event-id") ?? query.get("lastEventId") ?? query.get("Last-Event-Id") ?? undefined;
}

async function inputOf({ procedure, index }: Call, { request, isBatch, readInputs }: CallScope): Promise<unknown> {
  const inputs = await readInputs();
  if (isBatch && inputs !== undefined && !isRecord(inputs)) throw new AppError("bad_request");
  const input = isBatch && isRecord(inputs) ? inputs[String(index)] : inputs;
  const id = procedure?.type === "subscription" ? lastEventId(request) : undefined;
  if (id === undefined || id === "") return input;
  return isRecord(input) ? { ...input, lastEventId: id } : (input ?? { lastEventId: id });
}

/** @throws for a call that no procedure would take */
function checkCall({ procedure, name }: Call, { request, isBatch }: CallScope): Procedure {
  if (procedure === undefined) {
    const cause = new AppError("not_found", { path: `${prefix}${name.slice(0, shownNameLength)}` });
    throw new TRPCError({ code: "NOT_FOUND", cause });
  }
  const { type } = procedure;
  const method = type === "mutation" ? "POST" : "GET";
  if (request.method !== method && !(request.method === "HEAD" && method === "GET")) {
    throw new TRPCError({ code: "METHOD_NOT_SUPPORTED" });
  }
  if (isBatch && type === "subscription") throw new TRPCError({ code: "BAD_REQUEST" });
  return procedure;
}

/** @throws what the procedure raises, and refusals of the call itself */
async function invoke(call: Call, scope: CallScope): Promise<unknown> {
  const { name, index } = call;
  const { request, ctx, countRefusals, signal } = scope;
  const procedure = countRefusals(request, () => checkCall(call, scope));
  const getRawInput = (): Promise<unknown> => inputOf(call, scope);
  return procedure.call({ ctx, path: name, type: procedure.type, batchIndex: index, getRawInput, signal });
}

type ErrorShape = ReturnType<typeof errorShape>;

/** The error as clients of tRPC receive it. The formatter of the router adds the facts of a problem document. */
function errorShape(error: unknown, { procedure, name }: Partial<Call>, ctx: Context | undefined) {
  return getTRPCErrorShape({
    config: appRouter._def._config,
    error: getTRPCErrorFromUnknown(error),
    type: procedure?.type ?? "unknown",
    path: name,
    input: undefined,
    ctx,
  });
}

/** tRPC's form of Server-Sent Events, as its client reads them. @see https://trpc.io/docs/server/subscriptions */
export function trpcEncoding(shapeOf: (error: unknown) => object): EventEncoding {
  const client = JSON.stringify({ reconnectAfterInactivityMs: 3 * timing.pingIntervalMs });
  return {
    // A refusal is an event too: the client does not read the body of any other status.
    firstEventWaitMs: 0,
    open: () => `event: connected\ndata: ${client}\n\n\n`,
    event: (id, data) => `data: ${encodeOnce(data)}\nid: ${id}\n\n\n`,
    ping: "event: ping\ndata: \n\n\n",
    end: "event: return\ndata: \n\n\n",
    error: (error) => `event: serialized-error\ndata: ${JSON.stringify(shapeOf(error))}\n\n\n`,
  };
}

function failing(error: unknown): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}

async function subscribe(call: Call, scope: CallScope): Promise<AsyncIterable<unknown>> {
  try {
    const output = await invoke(call, scope);
    return isAsyncIterable(output) ? output : failing(new Error("A subscription must return its events."));
  } catch (error) {
    return failing(error);
  }
}

/** What a client asks for that streams the results of a batch. We send them in this form, but all at once. */
const jsonLines = "application/jsonl";

function wantsJsonLines({ req }: RequestContext): boolean {
  const accept = headerOf(req, "trpc-accept") ?? req.headers.accept ?? "";
  return accept.split(",").some((type) => type.trim() === jsonLines);
}

function partsOf(envelope: Envelope): Parts {
  if ("result" in envelope && envelope.result.data instanceof JsonStream) {
    return ['{"result":{"data":', envelope.result.data, "}}"];
  }
  return [JSON.stringify(envelope)];
}

/** The streams in a batch follow each other, so that one page of one of them is in memory beside their first pages. */
async function sendEnvelopes(
  { request, isBatch }: Pick<CallScope, "request" | "isBatch">,
  envelopes: readonly Envelope[],
): Promise<void> {
  const bodies = envelopes.map(partsOf);
  if (isBatch && wantsJsonLines(request)) {
    const members = bodies.flatMap((parts, index) => [`${index === 0 ? "{" : ","}"${index}":[[`, ...parts, "]]"]);
    await sendParts(request, { status: 200, contentType: "application/json", parts: [...members, "}\n"] });
    return;
  }
  const statuses = new Set(envelopes.map((each) => ("error" in each ? each.error.data.httpStatus : 200)));
  const [first = 200] = statuses;
  const status = statuses.size > 1 ? 207 : first;
  const items = bodies.flatMap((parts, index) => [index === 0 ? "[" : ",", ...parts]);
  const parts = isBatch ? [...items, "]"] : (bodies[0] ?? []);
  await sendParts(request, { status, contentType: jsonType, parts });
}

/** @throws for requests that are no valid batch */
function checkCalls(calls: readonly Call[], { request, isBatch }: Pick<CallScope, "request" | "isBatch">): void {
  if (calls.length > limits.batchMax) throw new TRPCError({ code: "BAD_REQUEST" });
  if (!isBatch && wantsJsonLines(request)) throw new TRPCError({ code: "BAD_REQUEST" });
  const types = new Set(calls.flatMap(({ procedure }) => procedure?.type ?? []));
  if (types.size > 1) throw new TRPCError({ code: "BAD_REQUEST" });
  // Nothing reads connection parameters, but a client may send them.
  parseJson(request.query.get("connectionParams") ?? "");
}

function readInputsOf({ method, query }: RequestContext, readBody: Matched["readBody"]): () => Promise<unknown> {
  if (method === "POST") return readBody;
  const text = query.get("input") ?? "";
  let inputs: unknown;
  return async () => (text === "" ? undefined : (inputs ??= parseJson(text)));
}

/** The context of all calls; undefined once the whole request is refused. */
async function openContext(request: RequestContext, deps: TrpcDeps): Promise<Context | undefined> {
  try {
    return procedureContext(request, deps);
  } catch (error) {
    deps.reportError(error, request);
    await sendEnvelopes({ request, isBatch: false }, [{ error: errorShape(error, {}, undefined) }]);
    return undefined;
  }
}

/** Calls of a batch that run at once: a batch must not take all connections to the database. */
const callsAtOnce = 2;

/** Maps a few items at a time. The results are in the order of the items. */
async function mapInOrder<Item, Result>(
  items: readonly Item[],
  map: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await map(item);
  };
  await Promise.all(Array.from({ length: callsAtOnce }, work));
  return results;
}

function createServe(
  deps: TrpcDeps,
): (request: RequestContext, calls: readonly Call[], matched: Matched) => Promise<void> {
  const { streams, reportError, countRefusals } = deps;
  return async (request, calls, { readBody }) => {
    const ctx = await openContext(request, deps);
    if (ctx === undefined) return;
    const isBatch = request.query.get("batch") === "1";
    const readInputs = readInputsOf(request, readBody);
    const scope: CallScope = { request, ctx, isBatch, countRefusals, readInputs, signal: abortOnDisconnect(request) };
    const refused = (error: unknown, call: Partial<Call>): Envelope => {
      reportError(error, request);
      return { error: errorShape(error, call, ctx) };
    };
    try {
      countRefusals(request, () => checkCalls(calls, scope));
    } catch (error) {
      // Every call of the batch is refused with this one response.
      await sendEnvelopes({ ...scope, isBatch: false }, [refused(error, {})]);
      return;
    }
    const [first] = calls;
    if (first?.procedure?.type === "subscription" && !isBatch) {
      const encoding = trpcEncoding((error) => errorShape(error, first, ctx));
      await streams.send(request, { events: await subscribe(first, scope), encoding, signal: scope.signal });
      return;
    }
    const outcomeOf = async (call: Call): Promise<Envelope> =>
      invoke(call, scope).then(
        (data) => ({ result: { data } }),
        (error: unknown) => refused(error, call),
      );
    await sendEnvelopes(scope, await mapInOrder(calls, outcomeOf));
  };
}

/** A route for each procedure, and one for batches. Names of a batch are joined with commas. */
export function trpcRoutes(deps: TrpcDeps): Route[] {
  const serve = createServe(deps);
  const procedures = new Map(listProcedures().map((procedure) => [procedure.name, procedure]));
  const routeOf = (procedure: Procedure): Route => ({
    name: procedure.name,
    method: procedure.type === "mutation" ? "POST" : "GET",
    path: `${prefix}${procedure.name}`,
    bodyLimit: procedure.bodyLimit,
    readsBody: procedure.type === "mutation" && procedure.inputSchema !== undefined,
    handle: (request, matched) => serve(request, [{ name: procedure.name, procedure, index: 0 }], matched),
  });
  const batchRoute = (method: "GET" | "POST"): Route => ({
    name: "batch",
    method,
    path: `${prefix}{names}`,
    bodyLimit: limits.answerBodyMaxBytes,
    readsBody: method === "POST",
    handle: (request, matched) => {
      const { names = "" } = matched.params;
      const isBatch = request.query.get("batch") === "1";
      const calls = (isBatch ? names.split(",") : [names]).map((name, index) => ({
        name,
        procedure: procedures.get(name),
        index,
      }));
      if (calls.length === 1) request.operation = calls[0]?.procedure?.name ?? "none";
      return serve(request, calls, matched);
    },
  });
  return [...[...procedures.values()].map(routeOf), batchRoute("GET"), batchRoute("POST")];
}
