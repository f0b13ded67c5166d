import type { Client } from "@deepbot/client";
import { createNodeClient } from "@deepbot/client/node";

export interface DevPerson {
  /** Names the account: letters, digits, `.`, `_` and `-`. */
  sub: string;
  givenName: string;
}

/** Asks the development sign-in for a Google token. @throws when the server has it turned off */
async function fetchToken(url: string, { sub, givenName }: DevPerson, signal: AbortSignal): Promise<string> {
  const response = await fetch(`${url}/dev/google-token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sub, email: `${sub}@example.com`, given_name: givenName }),
    signal,
  });
  if (!response.ok) throw new Error(`The server at ${url} has no development sign-in (status ${response.status}).`);
  const body: unknown = await response.json();
  if (typeof body !== "object" || body === null || !("token" in body) || typeof body.token !== "string") {
    throw new Error("The development sign-in returned no token.");
  }
  return body.token;
}

/**
 * Signs in through the development sign-in.
 *
 * @param signal ends every call of the client when it aborts
 */
export async function signIn(
  url: string,
  { person, signal }: { person: DevPerson; signal: AbortSignal },
): Promise<Client> {
  const client = createNodeClient({ url, signal });
  await client.auth.signIn.mutate({ token: await fetchToken(url, person, signal) });
  return client;
}
