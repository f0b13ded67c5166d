type Json = Record<string, unknown>;

const draft = "https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10";

/** Response headers about rate limits, for `components.headers`. */
export const headerComponents: Readonly<Record<string, Json>> = {
  RateLimit: {
    description: `What is left of each quota that the request used: \`r\` more requests, new ones after \`t\` seconds. ${draft}`,
    schema: { type: "string" },
    example: '"send";r=29;t=60',
  },
  "RateLimit-Policy": {
    description: `The quotas that the request used: \`q\` requests in \`w\` seconds at the server that responded. ${draft}`,
    schema: { type: "string" },
    example: '"send";q=30;w=60',
  },
  "WWW-Authenticate": {
    description: "`Bearer`: a key or a token as the bearer token would do",
    schema: { type: "string" },
    example: "Bearer",
  },
  "Retry-After": {
    description: "Seconds after which the same request may succeed",
    schema: { type: "integer", minimum: 1 },
  },
};

function referTo(...names: (keyof typeof headerComponents)[]): Json {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** Headers of every response whose request was counted. */
export const rateLimitHeaders: Json = referTo("RateLimit", "RateLimit-Policy");

/** Headers of responses after which a client should wait. */
export const retryHeaders: Readonly<Record<number, Json>> = {
  429: { ...referTo("Retry-After"), ...rateLimitHeaders },
  503: referTo("Retry-After"),
  401: referTo("WWW-Authenticate"),
};
