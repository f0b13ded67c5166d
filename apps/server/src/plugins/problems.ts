import { errorCodeOf, requestScope, toProblem, type Log } from "@deepbot/api/server";
import { statusOf } from "@deepbot/contract";
import { describeError } from "../describe-error.ts";
import { sendProblem, type RequestContext } from "../request/context.ts";

export type ReportError = (error: unknown, request: RequestContext) => void;
export type HandleError = (error: unknown, request: RequestContext) => void;

/** Logs refusals at info, outages at warn and unexpected errors at error. */
export function createErrorReporter(log: Log): ReportError {
  return (error, request) => {
    const { method, path } = request;
    const code = errorCodeOf(error);
    const status = statusOf(code);
    const fields = { module: "http", event: "request_refused", method, path, status, code };
    // An error may arrive from a listener that runs outside the scope of its request.
    requestScope.run(request, () => {
      if (status < 500) log.info(fields, `${method} ${path} -> ${status} ${code}`);
      else if (code !== "internal") log.warn(fields, `${method} ${path} -> ${status} ${code}`);
      else log.error({ ...fields, event: "request_failed", causes: describeError(error) }, `${method} ${path} failed`);
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
