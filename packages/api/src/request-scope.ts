import { AsyncLocalStorage } from "node:async_hooks";
import type { Locale } from "./domain/locale.ts";

/** What is known of the request that is being served, also where no context has been made yet. */
export interface RequestFacts {
  requestId: string;
  locale: Locale;
}

/** Opened by the HTTP edge around each request. */
export const requestScope: AsyncLocalStorage<RequestFacts> = new AsyncLocalStorage();
