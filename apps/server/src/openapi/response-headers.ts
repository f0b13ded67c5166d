import { deprecatedSince, successorLink } from "../transports/deprecation.ts";
import type { Operation } from "../transports/operations.ts";
import type { Json } from "./convert-schemas.ts";

const draft = "https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10";

/** Response headers, for `components.headers`. */
export const headerComponents: Readonly<Record<string, Json>> = {
  RateLimit: {
    description: `What is left of each quota that the request used: \`r\` more requests, new ones after \`t\` seconds. ${draft}`,
    schema: { type: "string", maxLength: 1000 },
    example: '"send";r=29;t=60',
  },
  "RateLimit-Policy": {
    description: `The quotas that the request used: \`q\` requests in \`w\` seconds at the server that responded. ${draft}`,
    schema: { type: "string", maxLength: 1000 },
    example: '"send";q=30;w=60',
  },
  "Retry-After": {
    description: "Seconds after which the same request may succeed",
    schema: { type: "integer", format: "int64", minimum: 1 },
  },
  Deprecation: {
    description:
      "Since when there is a better operation (RFC 9745): `@` and seconds since 1970. This one goes on working",
    schema: { type: "string", maxLength: 20 },
    example: deprecatedSince,
  },
  Link: {
    description:
      'The path of the better operation, `rel="successor-version"`, with the braces of parameters percent-encoded',
    schema: { type: "string", maxLength: 200 },
    example: successorLink("/worker/claim"),
  },
  "X-Ignored-Fields": {
    description:
      "Members of the body that the operation does not know, ten at most, separated by commas: look for typing errors",
    schema: { type: "string", maxLength: 700 },
    example: "client_message_Id",
  },
  "Content-Disposition": {
    description: "Makes a browser save the body as a file",
    schema: { type: "string", maxLength: 200 },
    example: 'attachment; filename="deepbot-export.json"',
  },
};

function referTo(...names: (keyof typeof headerComponents)[]): Json {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** Headers of every response whose request was counted. */
export const rateLimitHeaders: Json = referTo("RateLimit", "RateLimit-Policy");

/** Headers of successful responses of one operation. */
export function successHeaders({ procedure, strict, takesInput, inputInQuery }: Operation): Json {
  const { attachment, successor } = procedure.meta;
  return {
    ...rateLimitHeaders,
    ...(attachment === undefined ? {} : referTo("Content-Disposition")),
    ...(successor === undefined ? {} : referTo("Deprecation", "Link")),
    ...(takesInput && !strict && !inputInQuery ? referTo("X-Ignored-Fields") : {}),
  };
}

/** Headers of responses after which a client should wait. */
export const retryHeaders: Readonly<Record<number, Json>> = {
  429: referTo("Retry-After"),
  503: referTo("Retry-After"),
};
