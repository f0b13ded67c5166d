import { EventSource } from "eventsource";
import { connect } from "../connect.ts";
import type { Client } from "../wire.ts";

const sessionCookieForm = /^(?:__Host-)?access_token=/;

export interface NodeClientOptions {
  /** Origin of the platform, such as `http://127.0.0.1:8000`. */
  url: string;
  /** A personal token (`dbp_…`), sent instead of a session cookie. */
  token?: string;
  /** Ends every call that is under way when it aborts. */
  signal?: AbortSignal;
}

/**
 * Creates a client for Node. It acts for the person whose `token` it has. Without one it keeps the session cookie that signing in sets,
 * like a browser, and sends it with every call and event stream.
 */
export function createNodeClient({ url, token, signal }: NodeClientOptions): Client {
  let cookie = "";
  const credentials = (): Record<string, string> =>
    token === undefined ? { cookie } : { authorization: `Bearer ${token}` };

  class SignedInEventSource extends EventSource {
    constructor(address: string | URL) {
      super(address, {
        fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...credentials() } }),
      });
    }
  }

  return connect({
    url,
    headers: credentials,
    fetch: async (input, init) => {
      const signals = [init?.signal, signal].filter((each) => each instanceof AbortSignal);
      const response = await fetch(input, { ...init, signal: AbortSignal.any(signals) });
      const line = response.headers.getSetCookie().find((each) => sessionCookieForm.test(each));
      cookie = line?.split(";")[0] ?? cookie;
      return response;
    },
    EventSource: SignedInEventSource,
  });
}
