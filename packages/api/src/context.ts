import type { Locale } from "@deepbot/contract";
import type { RateLimitStatus } from "./limits/rate-limits.ts";
import type { UseCases } from "./use-cases.ts";

/** What a request says of its caller, on every transport. */
export interface Caller {
  requestId: string;
  locale: Locale;
  /** The client's IP address. */
  address: string;
  /** By which rate limits know the address: an IPv4 address itself, of an IPv6 address its /64. */
  network: string;
  /** The header `User-Agent`. */
  userAgent: string | undefined;
  /** The W3C trace context of the request, if it has a valid one. */
  traceparent: string | undefined;
  /** The value of the session cookie. */
  sessionToken: string | undefined;
  /** Whether the session cookie came under a name that is going out of use, so that it must be set anew. */
  sessionCookieOutdated: boolean;
  /** The value of the cookie of `auth.nonce`. */
  nonce: string | undefined;
  /** The bearer token, if it has the form of a personal token. */
  personalToken: string | undefined;
  /** The header `X-Messages-Key`, or the bearer token. */
  serviceKey: string | undefined;
  /** The header `X-Health-Key`, or the bearer token. */
  healthKey: string | undefined;
}

export interface Context {
  useCases: UseCases;
  caller: Caller;
  /** Sets the session cookie; null expires it. */
  setSessionToken: (token: string | null) => void;
  /** Sets the session cookie anew, unless this request sets or expires it anyway. */
  renewSessionToken: (token: string) => void;
  /** Sets the cookie of the nonce; null expires it. */
  setNonce: (nonce: string | null) => void;
  /** Tells the client of a quota that its request used. */
  reportRateLimit: (status: RateLimitStatus) => void;
}
