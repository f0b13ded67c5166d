/** SQLSTATE of a refused duplicate. */
export const uniqueViolation = "23505";

/** Code of a statement that was refused because too many wait for a connection already. */
export const poolOverloaded = "POOL_OVERLOADED";

/** SQLSTATE classes and codes that mean "try again later": the server is down, starting, stopping, full or read-only. */
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

/** Enough for every wrapper around a driver's error; stops at errors that are their own cause. */
const maxCauses = 8;

/** SQLSTATE or connection code of a failed statement, from the innermost error; undefined for any other error. */
export function databaseErrorCode(error: unknown): string | undefined {
  let innermost: string | undefined;
  let depth = 0;
  for (let cause = error; cause instanceof Error && depth < maxCauses; cause = cause.cause) {
    innermost = errorCode(cause) ?? innermost;
    depth += 1;
  }
  return innermost;
}

/** Whether the statement was refused because too many wait for a connection already. */
export function isPoolOverloaded(error: unknown): boolean {
  return databaseErrorCode(error) === poolOverloaded;
}

/** Whether the statement failed because the database is unavailable, and not because of its input. */
export function isDatabaseOutage(error: unknown): boolean {
  const code = databaseErrorCode(error);
  if (code === undefined) return false;
  return outageCodes.has(code) || outagePrefixes.some((prefix) => code.startsWith(prefix));
}
