import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
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

/** What every answer carries. Handlers of pages replace the content policy. */
export function setCommonHeaders(res: ServerResponse, requestId: string): void {
  res.setHeader("X-Request-Id", requestId);
  res.setHeader("X-Content-Type-Options", "nosniff");
  res.setHeader("Cache-Control", "no-store");
  res.setHeader("Referrer-Policy", "no-referrer");
  res.setHeader("Cross-Origin-Resource-Policy", "same-site");
  res.setHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
}
