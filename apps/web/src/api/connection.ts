import { createStore, type Store } from "../lib/store.ts";

/** Whether the platform could be reached when it was last tried. */
export type Connection = Store<"reached" | "lost">;

export function createConnection(): Connection {
  return createStore<"reached" | "lost">("reached");
}

/** Something that answers in JSON is the platform; a proxy in front of one that is away answers otherwise. */
function comesFromPlatform(response: Response): boolean {
  const isJson = response.headers.get("content-type")?.includes("json") ?? false;
  return isJson && response.status !== 503;
}

/** A fetch that notes whether the platform was reached. A call that was given up says nothing about that. */
export function createWatchedFetch(connection: Connection): typeof fetch {
  return async (input, init) => {
    try {
      const response = await fetch(input, init);
      connection.set(comesFromPlatform(response) ? "reached" : "lost");
      return response;
    } catch (error) {
      if (init?.signal?.aborted !== true) connection.set("lost");
      throw error;
    }
  };
}
