import type { ErrorCode } from "@deepbot/contract";

/** Name of the schema of an error: `DialogNotFoundProblem`. */
export function problemSchemaName(code: ErrorCode): string {
  const words = code.split("_").map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  return `${words.join("")}Problem`;
}
