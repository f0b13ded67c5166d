import type { Locale } from "./domain/locale.ts";
import type { Log } from "./log.ts";
import type { Services } from "./services/index.ts";

/** What a procedure knows of its caller, whichever door the call came through. */
export interface Caller {
  requestId: string;
  locale: Locale;
  /** The header `User-Agent`. */
  userAgent: string | undefined;
  /** The value of the cookie `access_token`. */
  sessionToken: string | undefined;
  /** The header `X-Messages-Key`. */
  messagesKey: string | undefined;
  /** The header `X-Health-Key`. */
  healthKey: string | undefined;
}

export interface Context {
  services: Services;
  log: Log;
  caller: Caller;
  /** Sets the session cookie, or with null expires it. */
  setSessionToken: (token: string | null) => void;
}
