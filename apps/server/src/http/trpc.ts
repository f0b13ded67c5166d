import type { IncomingMessage } from "node:http";
import { appRouter } from "@deepbot/api/server";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import { answerBodyLimit, bodyLimit, checkBodyHeaders, parseJson, readText } from "./body.ts";
import { createContext, type ContextDeps } from "./caller.ts";
import type { Exchange } from "./exchange.ts";
import { listOperations } from "./operations.ts";

export const trpcPrefix = "/trpc/";

/** Calls in one request; clients set `maxItems` to it. */
const maxBatchSize = 10;

interface WithExchange extends IncomingMessage {
  exchange: Exchange;
  body?: string;
}

/** The largest limit among the procedures that the path names. */
function limitOf(path: string, answerNames: ReadonlySet<string>): number {
  const names = decodeURIComponent(path.slice(trpcPrefix.length)).split(",");
  return names.some((name) => answerNames.has(name)) ? answerBodyLimit : bodyLimit;
}

/** The typed door: tRPC's standalone handler behind the same checks of the body as the REST door. */
export function createTrpcHandler(
  deps: ContextDeps,
  report: (error: unknown, exchange: Exchange) => void,
): (exchange: Exchange) => Promise<void> {
  const answers = listOperations().filter((operation) => operation.meta.carriesAnswer);
  const answerNames = new Set(answers.map((operation) => operation.name));
  const handler = createHTTPHandler({
    router: appRouter,
    basePath: trpcPrefix,
    maxBatchSize,
    maxBodySize: answerBodyLimit,
    createContext: ({ req }) => createContext((req as WithExchange).exchange, deps),
    onError: ({ error, req }) => report(error, (req as WithExchange).exchange),
  });
  return async (exchange) => {
    const { req, res, path } = exchange;
    const limit = limitOf(path, answerNames);
    checkBodyHeaders(req, limit);
    const request = Object.assign(req as WithExchange, { exchange });
    if (exchange.method === "POST") {
      request.body = await readText(req, limit);
      parseJson(request.body);
    }
    await handler(request, res);
  };
}
