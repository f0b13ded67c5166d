import { isTRPCClientError } from "@trpc/client";
import type { TFunction } from "i18next";
import { failureOf } from "./failure.ts";

/** The sentence for whatever went wrong. A code that this page does not know yet is told in the platform's words. */
export function errorText(error: unknown, t: TFunction): string {
  const { code } = failureOf(error);
  const fallback = isTRPCClientError(error) ? error.message : t("errors.internal");
  return t(`errors.${code}`, { defaultValue: fallback });
}
