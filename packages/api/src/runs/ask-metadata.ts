import type { Locale } from "@deepbot/contract";
import type { AskMetadata } from "@deepbot/db";

/** What a request that asks says beside the question. */
export function askMetadataOf(caller: { locale: Locale; traceparent: string | undefined }): AskMetadata {
  const { locale, traceparent } = caller;
  return traceparent === undefined ? { locale } : { locale, traceparent };
}
