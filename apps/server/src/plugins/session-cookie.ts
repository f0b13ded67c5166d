import type { IncomingMessage, ServerResponse } from "node:http";
import { parseCookie, stringifySetCookie } from "cookie";

const name = "access_token";

/** The cookie that holds a person's session token. */
export interface SessionCookie {
  read: (req: IncomingMessage) => string | undefined;
  /** Sets the cookie with the response, or expires it if the token is null. */
  write: (res: ServerResponse, token: string | null) => void;
}

export function createSessionCookie({ secure, lifetimeMs }: { secure: boolean; lifetimeMs: number }): SessionCookie {
  const attributes = { name, httpOnly: true, path: "/", sameSite: "lax", secure } as const;
  return {
    read: ({ headers: { cookie } }) => (cookie === undefined ? undefined : parseCookie(cookie)[name]),
    write: (res, token) => {
      const maxAge = token === null ? 0 : Math.floor(lifetimeMs / 1000);
      res.appendHeader("Set-Cookie", stringifySetCookie({ ...attributes, value: token ?? "", maxAge }));
      if (token === null) res.setHeader("Clear-Site-Data", '"cache", "storage"');
    },
  };
}
