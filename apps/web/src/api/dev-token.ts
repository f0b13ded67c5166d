import { watchRequest, type Connection } from "./connection.ts";

/** A name as an id that the server takes: as it is when it can be one, else by its bytes. */
export function devSubject(name: string): string {
  const plain = name.toLowerCase().replaceAll(/\s+/g, ".");
  if (/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(plain)) return plain;
  const bytes = new TextEncoder().encode(name);
  return `u${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** An ID token from the server itself, which gives them while developing. */
export async function fetchDevToken(connection: Connection, name: string): Promise<string> {
  const sub = devSubject(name);
  const request = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sub, email: `${sub}@example.com`, given_name: name }),
  };
  const response = await watchRequest(connection, () => fetch("/dev/google-token", request));
  const body: unknown = await response.json();
  if (typeof body !== "object" || body === null || !("token" in body) || typeof body.token !== "string") {
    throw new Error("The development sign-in gave no token.");
  }
  return body.token;
}
