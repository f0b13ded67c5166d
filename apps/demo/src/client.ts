import type { AppRouter } from "@deepbot/api";
import { createTRPCClient, httpLink, httpSubscriptionLink, splitLink } from "@trpc/client";
import { EventSource } from "eventsource";

export type Client = ReturnType<typeof createTRPCClient<AppRouter>>;

const signInName = "ann";

async function mintToken(serverUrl: string): Promise<string> {
  const response = await fetch(`${serverUrl}/dev/google-token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sub: signInName, email: `${signInName}@example.com`, given_name: "Ann" }),
  });
  if (!response.ok) throw new Error(`The development sign-in answered with status ${response.status}.`);
  const body: unknown = await response.json();
  if (typeof body !== "object" || body === null || !("token" in body) || typeof body.token !== "string") {
    throw new Error("The development sign-in gave no token.");
  }
  return body.token;
}

/** Signs in through the development sign-in. Keeps the session cookie, as a browser would. */
export async function connect(serverUrl: string, signal: AbortSignal): Promise<Client> {
  let cookie = "";
  const client = createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === "subscription",
        true: httpSubscriptionLink({
          url: `${serverUrl}/trpc`,
          EventSource,
          eventSourceOptions: {
            fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, cookie } }),
          },
        }),
        false: httpLink({
          url: `${serverUrl}/trpc`,
          headers: () => ({ cookie }),
          fetch: async (input, init) => {
            const response = await fetch(input, { ...init, signal });
            cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
            return response;
          },
        }),
      }),
    ],
  });
  await client.auth.signIn.mutate({ token: await mintToken(serverUrl) });
  return client;
}
