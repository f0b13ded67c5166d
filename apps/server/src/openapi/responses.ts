import { accessErrors, ratePolicies } from "@deepbot/api/server";
import { statusOf, statusTitles, type ErrorCode } from "@deepbot/contract";
import type { Operation } from "../transports/operations.ts";
import type { Json } from "./convert-schemas.ts";
import { problemSchemaFor } from "./problem-schemas.ts";
import { rateLimitHeaders, retryHeaders } from "./response-headers.ts";

/** Errors that a request may meet before or beside its procedure. */
function transportErrors({ inputInQuery, takesInput, procedure }: Operation): readonly ErrorCode[] {
  const { access = "public" } = procedure.meta;
  const always: ErrorCode[] = [
    "target_malformed",
    "host_malformed",
    "query_malformed",
    "credentials_mixed",
    "too_many_requests",
    "internal",
    "database_unavailable",
    "database_overloaded",
  ];
  const forInput: ErrorCode[] = takesInput ? ["invalid_input"] : [];
  // Browsers send cookies by themselves, so only operations for people depend on the origin.
  const forOrigin: ErrorCode[] = access === "person" || access === "public" ? ["origin_refused"] : [];
  const forBody: ErrorCode[] = inputInQuery
    ? []
    : ["json_invalid", "body_malformed", "payload_too_large", "unsupported_media_type", "content_encoding_refused"];
  return [...always, ...forInput, ...forOrigin, ...forBody];
}

function errorCodesOf(operation: Operation): readonly ErrorCode[] {
  const { access = "public", errors = [] } = operation.procedure.meta;
  return [...errors, ...accessErrors[access], ...transportErrors(operation)];
}

/** Which quota an operation uses, for people. */
function describeQuota({ procedure }: Operation): string {
  const { rateLimit = "public" } = procedure.meta;
  return `; the operation uses the quota \`${rateLimit}\` of its ${ratePolicies[rateLimit].by}`;
}

function headersOf(status: number): Json {
  return { ...(status < 500 ? rateLimitHeaders : {}), ...retryHeaders[status] };
}

function problemResponse(status: number, codes: readonly ErrorCode[], operation: Operation): Json {
  const names = codes.map((code) => `\`${code}\``).join(", ");
  const retry = retryHeaders[status] === undefined ? "" : "; `Retry-After` says when to try again";
  const quota = status === 429 ? describeQuota(operation) : "";
  return {
    description: `${statusTitles[status] ?? "Error"}: ${names}${retry}${quota}`,
    headers: headersOf(status),
    content: { "application/problem+json": { schema: problemSchemaFor(codes) } },
  };
}

/** The error responses of an operation, by rising status. */
export function errorResponses(operation: Operation): Json {
  const codes = [...new Set(errorCodesOf(operation))];
  const statuses = [...new Set(codes.map(statusOf))].toSorted((a, b) => a - b);
  const codesOf = (status: number): ErrorCode[] => codes.filter((code) => statusOf(code) === status).toSorted();
  return Object.fromEntries(
    statuses.map((status) => [String(status), problemResponse(status, codesOf(status), operation)]),
  );
}
