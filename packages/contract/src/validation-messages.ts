import type { z } from "zod";
import type { Locale } from "./locale.ts";
import type { ValidationIssue } from "./schemas/problem.ts";

type Issue = z.core.$ZodIssue;

interface Described {
  type: string;
  msg: Readonly<Record<Locale, string>>;
}

const kinds: Readonly<Record<string, { en: string; ru: string }>> = {
  string: { en: "must be a text", ru: "должно быть текстом" },
  number: { en: "must be a number", ru: "должно быть числом" },
  int: { en: "must be a whole number", ru: "должно быть целым числом" },
  boolean: { en: "must be true or false", ru: "должно быть true или false" },
  object: { en: "must be an object", ru: "должно быть объектом" },
  array: { en: "must be a list", ru: "должно быть списком" },
};

const formats: Readonly<Record<string, { en: string; ru: string }>> = {
  uuid: { en: "must be a UUID", ru: "должно быть UUID" },
};

const wrongFormat = { en: "has the wrong format", ru: "неверного формата" };

/** The message of an issue about an absent value. */
const missing = "missing";

/** For `parse`: reports an absent value as an issue of its own kind, which a client can tell from a wrong value. */
export function reportMissing({ input }: { input?: unknown }): string | undefined {
  return input === undefined ? missing : undefined;
}

/** The message that schemas of a lease's token give for anything but a UUID. */
export const notALeaseToken = "not a lease token";

function describeLimit(issue: Extract<Issue, { code: "too_small" | "too_big" }>): Described {
  const low = issue.code === "too_small";
  const limit = String(low ? issue.minimum : issue.maximum);
  if (issue.origin === "string") {
    return low
      ? {
          type: "string_too_short",
          msg: { en: `must have at least ${limit} characters`, ru: `не короче ${limit} символов` },
        }
      : {
          type: "string_too_long",
          msg: { en: `must have at most ${limit} characters`, ru: `не длиннее ${limit} символов` },
        };
  }
  if (issue.origin === "bytes") {
    return { type: "string_too_long", msg: { en: `must have at most ${limit} bytes`, ru: `не больше ${limit} байт` } };
  }
  return low
    ? { type: "greater_than_equal", msg: { en: `must be at least ${limit}`, ru: `должно быть не меньше ${limit}` } }
    : { type: "less_than_equal", msg: { en: `must be at most ${limit}`, ru: `должно быть не больше ${limit}` } };
}

function describeIssue(issue: Issue): Described {
  if (issue.message === missing) return { type: missing, msg: { en: "is required", ru: "обязательное поле" } };
  if (issue.message === notALeaseToken) {
    const msg = { en: "must be the UUID that claim returned", ru: "должен быть UUID, который вернул claim" };
    return { type: "uuid_format", msg };
  }
  switch (issue.code) {
    case "invalid_type":
      return {
        type: `${issue.expected}_type`,
        msg: kinds[issue.expected] ?? { en: "has the wrong type", ru: "неверного типа" },
      };
    case "too_small":
    case "too_big":
      return describeLimit(issue);
    case "unrecognized_keys":
      return { type: "extra_forbidden", msg: { en: "is not known here", ru: "неизвестное поле" } };
    case "invalid_format":
      return { type: `${issue.format}_format`, msg: formats[issue.format] ?? wrongFormat };
    case "custom":
      return {
        type: "text_not_storable",
        msg: { en: "holds characters that cannot be stored", ru: "содержит недопустимые символы" },
      };
    case "invalid_element":
    case "invalid_key":
    case "invalid_union":
    case "invalid_value":
    case "not_multiple_of":
      return { type: "value_error", msg: { en: "is not valid", ru: "недопустимое значение" } };
  }
}

/** Prefixes the keys of an input with the part of the request that holds them. Unknown keys never come from the path. */
export type Locate = (keys: (string | number)[], isUnknown: boolean) => (string | number)[];

/** Every issue of an input. */
export function describeIssues(issues: readonly Issue[], locale: Locale, locate: Locate): ValidationIssue[] {
  return issues.flatMap((issue) => {
    const { type, msg } = describeIssue(issue);
    const keys = issue.path.map((key) => (typeof key === "symbol" ? String(key) : key));
    const isUnknown = issue.code === "unrecognized_keys";
    const paths = isUnknown ? issue.keys.map((key) => [...keys, key]) : [keys];
    return paths.map((path) => ({ loc: locate(path, isUnknown), msg: msg[locale], type }));
  });
}

/** One sentence that names every issue, field by field. */
export function summarizeIssues(issues: readonly ValidationIssue[]): string {
  return `${issues.map((issue) => [issue.loc.slice(1).join("."), issue.msg].filter(Boolean).join(": ")).join("; ")}.`;
}
