import { EdgeError, type Caller, type Context, type Log, type Services } from "@deepbot/api/server";
import { parseCookie, stringifySetCookie } from "cookie";
import type { Exchange } from "./exchange.ts";

const sessionCookie = "access_token";

export interface ContextDeps {
  services: Services;
  log: Log;
  secureCookie: boolean;
  sessionLifetimeMs: number;
}

function header(req: Exchange["req"], name: string): string | undefined {
  const value = req.headers[name];
  return typeof value === "string" ? value : undefined;
}

function callerOf({ req, requestId, locale }: Exchange): Caller {
  return {
    requestId,
    locale,
    userAgent: header(req, "user-agent"),
    sessionToken: req.headers.cookie === undefined ? undefined : parseCookie(req.headers.cookie)[sessionCookie],
    messagesKey: header(req, "x-messages-key"),
    healthKey: header(req, "x-health-key"),
  };
}

/** What a procedure gets to know and may do, for one request. */
export function createContext(exchange: Exchange, deps: ContextDeps): Context {
  return {
    services: deps.services,
    log: deps.log,
    caller: callerOf(exchange),
    setSessionToken: (token) => {
      // The first answer of a streamed batch has sent the headers. An ended session needs no cookie to say so.
      if (exchange.res.headersSent && token === null) return;
      if (exchange.res.headersSent) throw new EdgeError("bad_request");
      const cookie = stringifySetCookie({
        name: sessionCookie,
        value: token ?? "",
        httpOnly: true,
        path: "/",
        sameSite: "lax",
        secure: deps.secureCookie,
        maxAge: token === null ? 0 : Math.floor(deps.sessionLifetimeMs / 1000),
      });
      exchange.res.appendHeader("Set-Cookie", cookie);
      if (token === null) exchange.res.setHeader("Clear-Site-Data", '"cache", "storage"');
    },
  };
}
