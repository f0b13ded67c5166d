import type { IncomingMessage, ServerResponse } from "node:http";
import { EdgeError, requestScope, toProblem, type Log } from "@deepbot/api/server";
import type { DevIssuer } from "../dev-issuer.ts";
import { addCorsHeaders, answerPreflight } from "./cors.ts";
import { answerDevToken, devTokenPath } from "./dev-token.ts";
import { answerDocs } from "./docs.ts";
import type { Exchange } from "./exchange.ts";
import { checkOrigin, checkTarget, noQuery } from "./front-door.ts";
import { commonHeaders, localeOf, requestIdOf } from "./headers.ts";
import type { Metrics } from "./metrics.ts";
import { answerProbe } from "./probes.ts";
import { createReporter } from "./report.ts";
import { sendProblem } from "./respond.ts";
import { createRestHandler, type RestDeps } from "./rest.ts";
import { createTrpcHandler, trpcPrefix } from "./trpc.ts";

export interface HandlerDeps extends RestDeps {
  log: Log;
  frontOrigin: string;
  allowedHosts: readonly string[];
  devIssuer: DevIssuer | undefined;
  metrics: Metrics;
  isReady: () => Promise<boolean>;
  /** Aborted once the server stops. */
  stopping: AbortSignal;
}

/** Every request: front door, then the door that its path names. */
export function createHandler(deps: HandlerDeps): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  const report = createReporter(deps.log);
  const rest = createRestHandler(deps, report);
  const trpc = createTrpcHandler(deps, report);

  const dispatch = async (exchange: Exchange): Promise<void> => {
    const { req, path } = exchange;
    if (answerPreflight(exchange, deps.frontOrigin)) return;
    checkOrigin(req, deps.frontOrigin);
    if (path.startsWith(trpcPrefix)) return trpc(exchange);
    if (path === devTokenPath && deps.devIssuer !== undefined) return answerDevToken(exchange, deps.devIssuer);
    if (await answerProbe(exchange, deps.isReady)) return;
    if ((await deps.metrics.answer(exchange)) || (await answerDocs(exchange))) return;
    return rest(exchange);
  };

  return async (req, res) => {
    const requestId = requestIdOf(req);
    const exchange: Exchange = {
      req,
      res,
      headers: commonHeaders(requestId),
      requestId,
      locale: localeOf(req),
      method: req.method ?? "",
      path: "",
      query: noQuery,
      operation: "edge",
    };
    const startedAt = performance.now();
    res.once("close", () => deps.metrics.observe(exchange, (performance.now() - startedAt) / 1000));
    if (deps.stopping.aborted) exchange.headers["Connection"] = "close";
    addCorsHeaders(exchange, deps.frontOrigin);
    try {
      Object.assign(exchange, checkTarget(req, deps.allowedHosts));
      await requestScope.run(exchange, () => dispatch(exchange));
    } catch (error) {
      report(error, exchange);
      if (error instanceof EdgeError && error.code === "method_not_allowed") {
        exchange.headers["Allow"] ??= "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
      }
      if (res.headersSent) res.destroy();
      else sendProblem(exchange, toProblem(error, exchange));
    }
  };
}
