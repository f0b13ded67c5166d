import { errorMessage, limits, problemTypeOf, statusOf, statusTitles, timing, type ErrorCode } from "@deepbot/contract";

/** The error for each status that nginx gives by itself. The default, `internal`, covers 500. */
const codes: Readonly<Record<number, ErrorCode>> = {
  400: "bad_request",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  408: "request_timeout",
  413: "payload_too_large",
  414: "uri_too_long",
  421: "misdirected_request",
  429: "too_many_requests",
  431: "headers_too_large",
  502: "bad_gateway",
  503: "unavailable",
  504: "gateway_timeout",
};

/** The fields of a problem document that depend on the status, without the braces around them. */
function problemOf(code: ErrorCode): string {
  const fields = {
    type: problemTypeOf(code),
    title: statusTitles[statusOf(code)],
    code,
    // `$body_limit` is a variable of nginx. Its variables with paths are not safe to write into JSON.
    detail: errorMessage(code, "en", { limit: "$body_limit", path: "this address" }),
  };
  const text = JSON.stringify(fields).slice(1, -1);
  return code === "payload_too_large" ? `${text},"limit":$body_limit` : text;
}

/** Seconds until a retry makes sense. A limit of requests per second lets the client through again after one. */
const retryAfterSeconds: Readonly<Record<number, number>> = {
  429: 1,
  502: timing.retryAfterSeconds,
  503: timing.retryAfterSeconds,
  504: timing.retryAfterSeconds,
};

/** Text of `conf/error-maps.conf`. */
export function errorMaps(): string {
  const problems = Object.entries(codes).map(([status, code]) => `  ${status} '${problemOf(code)}';`);
  return [
    "# Generated from the error catalogue in packages/contract: `pnpm --filter @deepbot/nginx run errors:write`.",
    "map $status $problem {",
    ...problems,
    `  default '${problemOf("internal")}';`,
    "}",
    "# For the sentence about a body that is too large. The limits themselves stand in nginx.conf and api.conf.",
    "map $asked_path $body_limit {",
    `  default ${limits.bodyMaxBytes};`,
    `  ~^/trpc/ ${limits.answerBodyMaxBytes};`,
    `  ~^/(?:worker/runs/[^/]+/(?:append|complete)|send/message/user)/?$ ${limits.answerBodyMaxBytes};`,
    "}",
    "# A server's own Retry-After takes precedence.",
    'map "$upstream_http_retry_after:$status" $missing_retry_after {',
    ...Object.entries(retryAfterSeconds).map(([status, seconds]) => `  ":${status}" ${seconds};`),
    "}",
    "",
  ].join("\n");
}
