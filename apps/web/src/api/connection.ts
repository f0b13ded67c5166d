import { createStore, type Store } from "../lib/store.ts";
import { failureOf } from "./failure.ts";

/** Whether the platform could be reached when it was last tried. */
export type Connection = Store<"reached" | "lost">;

export function createConnection(): Connection {
  return createStore<"reached" | "lost">("reached");
}

/**
 * Makes a request, and notes at once when the platform is out of reach. What answers, but not in JSON, is a proxy in
 * front of one that is away. A request that was given up says nothing.
 */
export async function watchRequest(
  connection: Connection,
  request: () => Promise<Response>,
  signal?: AbortSignal | null,
): Promise<Response> {
  try {
    const response = await request();
    const isJson = response.headers.get("content-type")?.includes("json") ?? false;
    if (!isJson) connection.set("lost");
    return response;
  } catch (error) {
    if (signal?.aborted !== true) connection.set("lost");
    throw error;
  }
}

/** Notes what a failed call says about the platform: a refusal is an answer too. */
export function noteFailure(connection: Connection, error: unknown): void {
  const { kind, code } = failureOf(error);
  if (code === "unreachable" || code === "database_unavailable" || code === "shutting_down") connection.set("lost");
  else if (kind !== "broken") connection.set("reached");
}
