import { AsyncLocalStorage } from "node:async_hooks";
import type { Locale } from "@deepbot/contract";

/** What is known of the request that is being served, also where no context exists. */
export interface RequestFacts {
  requestId: string;
  locale: Locale;
}

/** Entered by the HTTP server around each request. */
export const requestScope: AsyncLocalStorage<RequestFacts> = new AsyncLocalStorage();
