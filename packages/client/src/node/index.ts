import { EventSource } from "eventsource";
import { connect } from "../connect.ts";
import type { Client } from "../wire.ts";

const sessionCookieForm = /^(?:__Host-)?access_token=/;

/**
 * Creates a client for Node. Like a browser, it keeps the session cookie that signing in sets and sends it with every call
 * and event stream.
 *
 * @param signal ends every call that is under way when it aborts
 */
export function createNodeClient({ url, signal }: { url: string; signal?: AbortSignal }): Client {
  let cookie = "";

  class CookieEventSource extends EventSource {
    constructor(address: string | URL) {
      super(address, { fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, cookie } }) });
    }
  }

  return connect({
    url,
    headers: () => ({ cookie }),
    fetch: async (input, init) => {
      const signals = [init?.signal, signal].filter((each) => each instanceof AbortSignal);
      const response = await fetch(input, { ...init, signal: AbortSignal.any(signals) });
      const line = response.headers.getSetCookie().find((each) => sessionCookieForm.test(each));
      cookie = line?.split(";")[0] ?? cookie;
      return response;
    },
    EventSource: CookieEventSource,
  });
}
