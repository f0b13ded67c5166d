import { failureOf } from "@deepbot/client";
import { isTRPCClientError } from "@trpc/client";
import type { TFunction } from "i18next";

/** The sentence to show for an error: the page's own if it has one for the code, otherwise the server's. */
export function errorMessage(error: unknown, t: TFunction): string {
  const { code } = failureOf(error);
  const fallback = isTRPCClientError(error) ? error.message : t("errors.internal");
  return t([`errors.${code}`], { defaultValue: fallback });
}
