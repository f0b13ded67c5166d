import { createClient, type Client } from "@deepbot/client";
import { trackRequest, type Connection } from "./connection.ts";

/**
 * Creates the client through which the pages make every call.
 *
 * @param language the page's language, which the server uses for its error messages
 */
export function createPageClient(connection: Connection, language: () => string): Client {
  return createClient({
    url: "",
    headers: () => ({ "accept-language": language() }),
    fetch: (input, init) => {
      const signal = init?.signal ?? null;
      return trackRequest(connection, () => fetch(input, { ...init, signal }), signal);
    },
  });
}
