import { databaseErrorCode } from "@deepbot/db";

function causesOf(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let cause = error; cause instanceof Error && chain.length < 5; cause = cause.cause) chain.push(cause);
  return chain;
}

/** Stack lines of an error. Cuts the message off first, because its lines may look like stack lines. */
function framesOf({ stack = "", message }: Error): string[] {
  const start = stack.indexOf(message);
  const lines = (start === -1 ? "" : stack.slice(start + message.length)).split("\n");
  return lines.filter((line) => line.startsWith("    at ")).slice(0, 8);
}

/** Class and origin of an error and its causes, for the log. Leaves out messages: they may quote a row or a request. */
export function describeError(error: unknown): object[] {
  const chain = causesOf(error);
  const code = databaseErrorCode(chain.at(-1));
  return chain.map((cause) => ({
    name: cause.name,
    ...(code === undefined ? {} : { code }),
    frames: framesOf(cause),
  }));
}
