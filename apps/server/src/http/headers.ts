import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { defaultLocale, locales, type Locale } from "@deepbot/api/server";
import Negotiator from "negotiator";

const acceptableRequestId = /^[\w.-]{8,128}$/;

/** The caller's `X-Request-Id` if it is a reasonable one, else a new one. */
export function requestIdOf(req: IncomingMessage): string {
  const given = req.headers["x-request-id"];
  return typeof given === "string" && acceptableRequestId.test(given) ? given : randomUUID();
}

/** The language that `Accept-Language` prefers among ours. */
export function localeOf(req: IncomingMessage): Locale {
  if (req.headers["accept-language"] === undefined) return defaultLocale;
  const preferred = new Negotiator(req).language([...locales]);
  return locales.find((locale) => locale === preferred) ?? defaultLocale;
}

const fixedHeaders = {
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-site",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  Vary: "Origin",
};

/** What every answer carries. Handlers of pages replace the content policy. */
export function commonHeaders(requestId: string): Record<string, string> {
  return { "X-Request-Id": requestId, ...fixedHeaders };
}
