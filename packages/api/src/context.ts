import type { Locale } from "@deepbot/contract";
import type { RateLimitStatus } from "./rate-limits.ts";
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
  /** The value of the cookie `access_token`. */
  sessionToken: string | undefined;
  /** The header `X-Messages-Key`. */
  serviceKey: string | undefined;
  /** The header `X-Health-Key`. */
  healthKey: string | undefined;
}

export interface Context {
  useCases: UseCases;
  caller: Caller;
  /** Sets the session cookie; null expires it. */
  setSessionToken: (token: string | null) => void;
  /** Tells the client of a quota that its request used. */
  reportRateLimit: (status: RateLimitStatus) => void;
}
