import { errorCodeOf, requestScope, toProblem, type Events, type Log, type Sampler } from "@deepbot/api/server";
import { describeError } from "../describe-error.ts";
import { type RequestContext } from "../request/context.ts";
import { sendProblem } from "../request/send.ts";

export type ReportError = (error: unknown, request: RequestContext) => void;
export type HandleError = (error: unknown, request: RequestContext) => void;

/** Notes a refusal for the line of its request, and logs unexpected errors with their causes. */
export function createErrorReporter(deps: {
  log: Log;
  events: Pick<Events, "emit">;
  sampler: Pick<Sampler, "admit">;
}): ReportError {
  const { log, events, sampler } = deps;
  return (error, request) => {
    const { method, operation } = request;
    const code = errorCodeOf(error);
    request.errors.push(code);
    // An error may arrive from a listener that runs outside the scope of its request.
    requestScope.run(request, () => {
      events.emit({ kind: "request_refused", code });
      if (code !== "internal") return;
      const causes = describeError(error);
      // The same failure again and again is told from another one by its place.
      if (!sampler.admit(`request_failed ${operation} ${JSON.stringify(causes).slice(0, 300)}`, undefined)) return;
      const fields = { module: "http", event: "request_failed", method, operation, causes };
      log.error(fields, `${method} ${operation} failed`);
    });
  };
}

/** Reports what a request raised and sends it as a problem document. */
export function createErrorHandler(reportError: ReportError): HandleError {
  return (error, request) => {
    reportError(error, request);
    if (request.res.headersSent) request.res.destroy();
    else sendProblem(request, toProblem(error, request));
  };
}
