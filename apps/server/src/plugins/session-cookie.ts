import type { IncomingMessage, ServerResponse } from "node:http";
import type { Context } from "@deepbot/api/server";
import { timing } from "@deepbot/contract";
import { parseCookie, stringifySetCookie } from "cookie";

/** What the cookies of a request say. */
export interface RequestCookies {
  sessionToken: string | undefined;
  /** Whether the session cookie has the name from before HTTPS-only cookies, which is read for one more release. */
  sessionCookieOutdated: boolean;
  nonce: string | undefined;
}

export type CookieWriter = Pick<Context, "setSessionToken" | "renewSessionToken" | "setNonce">;

/** The cookies that hold a person's session token and the nonce of a sign-in. */
export interface SessionCookie {
  read: (req: IncomingMessage) => RequestCookies;
  /** Writes the cookies of one response. Each is set once: what procedures of a batch set later replaces the earlier. */
  write: (res: ServerResponse, read: RequestCookies) => CookieWriter;
}

const plainName = "access_token";

/**
 * Over HTTPS the names begin with `__Host-`: a browser takes such a cookie from this very host only, so no sibling host can
 * plant one.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3.2
 */
export function createSessionCookie({ secure, maxAgeMs }: { secure: boolean; maxAgeMs: number }): SessionCookie {
  const prefix = secure ? "__Host-" : "";
  const session = { name: `${prefix}${plainName}`, httpOnly: true, path: "/", sameSite: "lax", secure } as const;
  const signIn = { ...session, name: `${prefix}sign_in_nonce`, sameSite: "strict" } as const;

  return {
    read: ({ headers: { cookie } }) => {
      const cookies = cookie === undefined ? {} : parseCookie(cookie);
      const sessionToken = cookies[session.name] || undefined;
      return {
        sessionToken: sessionToken ?? (cookies[plainName] || undefined),
        sessionCookieOutdated: secure && sessionToken === undefined && Boolean(cookies[plainName]),
        nonce: cookies[signIn.name] || undefined,
      };
    },

    write: (res, { sessionCookieOutdated }) => {
      const lines = new Map<string, string>();
      const put = (attributes: { name: string }, value: string | null, ms: number): void => {
        const maxAge = value === null ? 0 : Math.floor(ms / 1000);
        lines.set(attributes.name, stringifySetCookie({ ...attributes, value: value ?? "", maxAge }));
        if (!res.headersSent) res.setHeader("Set-Cookie", [...lines.values()]);
      };
      const setSessionToken = (token: string | null): void => {
        put(session, token, maxAgeMs);
        if (sessionCookieOutdated) put({ ...session, name: plainName }, null, 0);
        if (token === null && !res.headersSent) res.setHeader("Clear-Site-Data", '"cache", "storage"');
      };
      return {
        setSessionToken,
        renewSessionToken: (token) => {
          if (!lines.has(session.name)) setSessionToken(token);
        },
        setNonce: (nonce) => put(signIn, nonce, timing.signInNonceMs),
      };
    },
  };
}
