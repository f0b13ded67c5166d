import { errorCodeOf, errorMap, requestScope, type Log } from "@deepbot/api/server";
import { describeFault } from "../describe-fault.ts";
import type { Exchange } from "./exchange.ts";

/** Logs a refusal at info, a fault of ours at error. */
export function createReporter(log: Log): (error: unknown, exchange: Exchange) => void {
  return (error, exchange) => {
    const { method, path } = exchange;
    const code = errorCodeOf(error);
    const { status } = errorMap[code];
    const fields = { module: "http", event: "request_refused", method, path, status, code };
    requestScope.run(exchange, () => {
      if (status < 500) log.info(fields, `${method} ${path} -> ${status} ${code}`);
      else if (code !== "internal") log.warn(fields, `${method} ${path} -> ${status} ${code}`);
      else log.error({ ...fields, event: "request_failed", causes: describeFault(error) }, `${method} ${path} failed`);
    });
  };
}
