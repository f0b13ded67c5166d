import { databaseErrorCode } from "@deepbot/db";

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
export function describeFault(error: unknown): object[] {
  const chain = causesOf(error);
  const code = databaseErrorCode(chain.at(-1));
  return chain.map((cause) => ({
    name: cause.name,
    ...(code === undefined ? {} : { code }),
    frames: framesOf(cause),
  }));
}
