import type { AskMetadata } from "@deepbot/db";
import type { Caller } from "../context.ts";

/** What a request that asks says beside the question. */
export function askMetadataOf({ locale, traceparent }: Caller): AskMetadata {
  return traceparent === undefined ? { locale } : { locale, traceparent };
}
