/** SQLSTATE of a refused duplicate. */
export const uniqueViolation = "23505";

/** SQLSTATE classes and codes that mean "try again later": the server is away, starting, stopping, full or read-only. */
const outagePrefixes = ["08", "53", "57P", "25006", "55P03", "57014", "40P01", "58"];
const outageCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
]);

/** The code of an error of Node or of a driver, if it has one. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** The driver's code of a failed statement (SQLSTATE or a connection code), or undefined for any other error. */
export function databaseErrorCode(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = errorCode(cause);
    if (code !== undefined) return code;
  }
  return undefined;
}

/** Whether the statement failed because the database cannot serve now, not because of what was asked. */
export function isDatabaseOutage(error: unknown): boolean {
  const code = databaseErrorCode(error);
  if (code === undefined) return false;
  return outageCodes.has(code) || outagePrefixes.some((prefix) => code.startsWith(prefix));
}
