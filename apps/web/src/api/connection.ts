import { failureOf } from "@deepbot/client";
import { createStore, type Store } from "../lib/store.ts";

/** Whether the server could be reached at the last attempt. */
export type Connection = Store<"reached" | "lost">;

export function createConnection(): Connection {
  return createStore<"reached" | "lost">("reached");
}

/**
 * Makes a request and records at once if the server cannot be reached. A response that is not JSON comes from a proxy
 * whose server is down. An aborted request changes nothing.
 */
export async function trackRequest(
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

/** Records what a failed call says about the connection. A refusal proves that the server can be reached. */
export function recordFailure(connection: Connection, error: unknown): void {
  const { kind, code } = failureOf(error);
  if (code === "unreachable" || code === "database_unavailable" || code === "shutting_down") connection.set("lost");
  else if (kind !== "broken") connection.set("reached");
}
