import { trackRequest, type Connection } from "./connection.ts";

/** Turns a name into a subject that the server accepts: the name itself if it is valid, otherwise its bytes in hex. */
export function devSubject(name: string): string {
  const plain = name.toLowerCase().replaceAll(/\s+/g, ".");
  if (/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(plain)) return plain;
  const bytes = new TextEncoder().encode(name);
  return `u${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** Gets an ID token from the development server, which issues its own. */
export async function fetchDevToken(connection: Connection, name: string): Promise<string> {
  const sub = devSubject(name);
  const request = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sub, email: `${sub}@example.com`, given_name: name }),
  };
  const response = await trackRequest(connection, () => fetch("/dev/google-token", request));
  const body: unknown = await response.json();
  if (typeof body !== "object" || body === null || !("token" in body) || typeof body.token !== "string") {
    throw new Error("The development sign-in returned no token.");
  }
  return body.token;
}
