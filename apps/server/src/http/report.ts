import { databaseErrorCode } from "@deepbot/db";
import { errorCodeOf, errorMap, requestScope, type Log } from "@deepbot/api/server";
import type { Exchange } from "./exchange.ts";

function causesOf(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let cause = error; cause instanceof Error && chain.length < 5; cause = cause.cause) chain.push(cause);
  return chain;
}

/** Whether messages of the chain may quote a row or a request: statements carry their parameters, parsers their text. */
function mayQuote(chain: readonly Error[]): boolean {
  return chain.some((cause) => cause instanceof SyntaxError || /query|postgres/i.test(cause.constructor.name));
}

/** Where an error was raised and of what kind, without any text that a request or a row could have put into it. */
function describe(error: unknown): object[] {
  const chain = causesOf(error);
  const code = databaseErrorCode(error);
  const hidden = code !== undefined || mayQuote(chain);
  return chain.map((cause) => ({
    name: cause.name,
    ...(hidden ? { code } : { message: cause.message }),
    frames: (cause.stack ?? "")
      .split("\n")
      .filter((line) => line.startsWith("    at "))
      .slice(0, 8),
  }));
}

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
      else log.error({ ...fields, event: "request_failed", causes: describe(error) }, `${method} ${path} failed`);
    });
  };
}
