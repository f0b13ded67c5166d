import type { IncomingMessage } from "node:http";
import { appRouter, EdgeError } from "@deepbot/api/server";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import { answerBodyLimit, bodyLimit, checkBodyHeaders, parseJson, readText } from "./body.ts";
import { createContext } from "./caller.ts";
import type { Exchange } from "./exchange.ts";
import { listOperations } from "./operations.ts";
import type { RestDeps } from "./rest.ts";

export const trpcPrefix = "/trpc/";

/** Calls in one request; clients set `maxItems` to it. */
const maxBatchSize = 10;

/** The procedures that a path calls: one, or those of a batch. tRPC's own refusal of a large batch is no JSON by its type. */
function namesOf(path: string): string[] {
  const names = decodeURIComponent(path.slice(trpcPrefix.length)).split(",");
  if (names.length > maxBatchSize) throw new EdgeError("bad_request");
  return names;
}

/** The typed door: tRPC's standalone handler behind the same checks of the body as the REST door. */
export function createTrpcHandler(
  deps: RestDeps,
  report: (error: unknown, exchange: Exchange) => void,
): (exchange: Exchange) => Promise<void> {
  const operations = listOperations();
  const knownNames = new Set(operations.map((operation) => operation.name));
  const streamNames = new Set(operations.filter((operation) => operation.streams).map((operation) => operation.name));
  const answers = operations.filter((operation) => operation.meta.carriesAnswer);
  const answerNames = new Set(answers.map((operation) => operation.name));
  const exchanges = new WeakMap<IncomingMessage, Exchange>();
  const exchangeOf = (req: IncomingMessage): Exchange => {
    const exchange = exchanges.get(req);
    if (exchange === undefined) throw new Error("A request has come past the front door.");
    return exchange;
  };
  const handler = createHTTPHandler({
    router: appRouter,
    basePath: trpcPrefix,
    maxBatchSize,
    maxBodySize: answerBodyLimit,
    createContext: ({ req }) => createContext(exchangeOf(req), deps),
    // Its own `Vary` replaces what was set before.
    responseMeta: () => ({ headers: new Headers({ vary: "Origin" }) }),
    onError: ({ error, req }) => report(error, exchangeOf(req)),
  });
  return async (exchange) => {
    const { req, res, path } = exchange;
    const names = namesOf(path);
    exchange.operation =
      names.length > 1 ? "batch" : (names.find((name) => knownNames.has(name)) ?? exchange.operation);
    if (names.some((name) => streamNames.has(name))) deps.streams.add(res);
    const limit = names.some((name) => answerNames.has(name)) ? answerBodyLimit : bodyLimit;
    checkBodyHeaders(req, limit);
    exchanges.set(req, exchange);
    parseJson(exchange.query.get("input") ?? "");
    if (exchange.method === "POST") {
      const body = await readText(req, limit);
      parseJson(body);
      Object.assign(req, { body });
    }
    for (const [name, value] of Object.entries(exchange.headers)) res.setHeader(name, value);
    handler(req, res);
  };
}
