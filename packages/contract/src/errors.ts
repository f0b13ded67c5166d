import { credentialErrors } from "./errors/credentials.ts";
import { refusals } from "./errors/refusals.ts";
import { transportErrors } from "./errors/transport.ts";
import type { Locale } from "./locale.ts";

export type { FailureClass } from "./errors/entry.ts";

/** Every `code` of an error body, on every transport and from nginx. */
export const errorCatalogue = { ...refusals, ...credentialErrors, ...transportErrors };

export type ErrorCode = keyof typeof errorCatalogue;

/** Facts that an error carries beside its code: ids and limits, never a person's text. */
export type ErrorDetails = Readonly<Record<string, string | number>>;

export function statusOf(code: ErrorCode): number {
  return errorCatalogue[code].status;
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalogue, code);
}

/** The sentence that a person may read. */
export function errorMessage(code: ErrorCode, locale: Locale, details: ErrorDetails = {}): string {
  const { text } = errorCatalogue[code];
  return text[locale].replaceAll(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? ""));
}
