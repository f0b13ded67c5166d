import { AsyncLocalStorage } from "node:async_hooks";
import type { Locale } from "@deepbot/contract";

/** On whose behalf a request acts, as far as its credentials were accepted. */
export interface Identity {
  userId?: number;
  sessionId?: string;
  /** Of a service key or a personal token; of a key of the environment see `keyIdOf`. */
  keyId?: string;
}

/** What is known of the request that is being served, also where no context exists. */
export interface RequestFacts {
  requestId: string;
  locale: Locale;
  /** The client's network address: IPv4 whole, IPv6 as its /64; undefined if its connection was already gone. */
  address: string | undefined;
  identity?: Identity;
}

/** Entered by the HTTP server around each request. */
export const requestScope: AsyncLocalStorage<RequestFacts> = new AsyncLocalStorage();

/** Adds to what is known of the request that is being served. */
export function noteIdentity(identity: Identity): void {
  const facts = requestScope.getStore();
  if (facts !== undefined) facts.identity = { ...facts.identity, ...identity };
}
