import { assistantErrors } from "./errors/assistants.ts";
import type { z } from "zod";
import { credentialErrors } from "./errors/credentials.ts";
import type { FactName, factSchemas } from "./errors/facts.ts";
import { refusals } from "./errors/refusals.ts";
import { tooManyErrors } from "./errors/too-many.ts";
import { transportErrors } from "./errors/transport.ts";
import type { Locale } from "./locale.ts";

export type { FailureClass } from "./errors/entry.ts";

/** Every `code` of an error body, on every transport and from nginx. */
export const errorCatalogue = {
  ...refusals,
  ...credentialErrors,
  ...assistantErrors,
  ...tooManyErrors,
  ...transportErrors,
};

export type ErrorCode = keyof typeof errorCatalogue;

/** Facts that an error carries beside its code: ids and limits, never a person's text. */
export type ErrorDetails = { readonly [Name in FactName]?: z.input<(typeof factSchemas)[Name]> };

export const errorCodes = Object.keys(errorCatalogue).filter(isErrorCode);

export function statusOf(code: ErrorCode): number {
  return errorCatalogue[code].status;
}

/** The `type` of an error body: the address, on the same server, of a page about the code. */
export function problemTypeOf(code: ErrorCode): string {
  return `/docs/problems/${code}`;
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalogue, code);
}

/** The sentence that a person may read. */
export function errorMessage(
  code: ErrorCode,
  locale: Locale,
  facts: Readonly<Partial<Record<string, string | number>>> = {},
): string {
  const { text } = errorCatalogue[code];
  return text[locale].replaceAll(/\{(\w+)\}/g, (_, name: string) => String(facts[name] ?? ""));
}
