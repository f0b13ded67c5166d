/** A signed-in person who talks to a server over REST. */
export interface Person {
  /** The value for a `Cookie` header. */
  cookie: string;
  /** JSON in, JSON out. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- The test knows what it asked for.
  call: <T = unknown>(method: string, path: string, body?: unknown) => Promise<{ status: number; body: T }>;
}

async function postJson(url: string, body: unknown): Promise<Response> {
  return fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

/** Signs a person in through the development sign-in. `sub` names the Google account. */
export async function signInPerson(serverUrl: string, sub: string): Promise<Person> {
  const minted = await postJson(`${serverUrl}/dev/google-token`, { sub, email: `${sub}@example.com`, given_name: sub });
  const { token } = (await minted.json()) as { token: string };
  const response = await postJson(`${serverUrl}/create/users`, { token });
  if (!response.ok) throw new Error(`Signing in failed with ${response.status}.`);
  const cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  return {
    cookie,
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- As declared above.
    call: async <T>(method: string, path: string, body?: unknown) => {
      const reply = await fetch(serverUrl + path, {
        method,
        headers: { cookie, ...(body === undefined ? {} : { "content-type": "application/json" }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: reply.status, body: (await reply.json()) as T };
    },
  };
}
