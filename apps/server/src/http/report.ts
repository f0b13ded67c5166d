import { databaseErrorCode } from "@deepbot/db";
import { errorCodeOf, errorMap, requestScope, type Log } from "@deepbot/api/server";
import type { Exchange } from "./exchange.ts";

function causesOf(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let cause = error; cause instanceof Error && chain.length < 5; cause = cause.cause) chain.push(cause);
  return chain;
}

/** Stack lines of an error. The message comes first and may hold lines that look like them, so it is cut off as a whole. */
function framesOf({ stack = "", message }: Error): string[] {
  const start = stack.indexOf(message);
  const lines = (start === -1 ? "" : stack.slice(start + message.length)).split("\n");
  return lines.filter((line) => line.startsWith("    at ")).slice(0, 8);
}

/** Of what kind an error is and where it was raised. Never its message, which may quote a row or a request. */
function describe(error: unknown): object[] {
  const chain = causesOf(error);
  const code = databaseErrorCode(chain.at(-1));
  return chain.map((cause) => ({
    name: cause.name,
    ...(code === undefined ? {} : { code }),
    frames: framesOf(cause),
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
