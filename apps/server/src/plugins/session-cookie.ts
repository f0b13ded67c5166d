import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError, type Context } from "@deepbot/api/server";
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
  /** @throws {AppError} `credentials_mixed` when one of our cookies came twice: nobody knows which one was meant */
  read: (req: IncomingMessage) => RequestCookies;
  /** Writes the cookies of one response. Each is set once: what procedures of a batch set later replaces the earlier. */
  write: (res: ServerResponse, read: RequestCookies) => CookieWriter;
}

const plainName = "access_token";

/** How often a cookie came. A browser that has it for several paths or domains sends each; the parser keeps the first. */
function countCookies(header: string, name: string): number {
  return header.split(";").filter((pair) => pair.includes("=") && pair.split("=", 1)[0]?.trim() === name).length;
}

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

  /** A sibling host can plant a second one under the plain name. That must not shut a person out, so both count as none. */
  const outdatedToken = (header: string, token: string | undefined): string | undefined =>
    secure && token && countCookies(header, plainName) === 1 ? token : undefined;

  return {
    read: ({ headers: { cookie = "" } }) => {
      if (cookie === "") return { sessionToken: undefined, sessionCookieOutdated: false, nonce: undefined };
      const isRepeated = [session.name, signIn.name].some((name) => countCookies(cookie, name) > 1);
      if (isRepeated) throw new AppError("credentials_mixed");
      const cookies = parseCookie(cookie);
      const current = cookies[session.name] || undefined;
      const outdated = current === undefined ? outdatedToken(cookie, cookies[plainName]) : undefined;
      return {
        sessionToken: current ?? outdated,
        sessionCookieOutdated: outdated !== undefined,
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
