import type { QueryClient } from "@tanstack/react-query";
import { createClient } from "../api/client.ts";
import { createConnection } from "../api/connection.ts";
import { createQueryClient } from "../api/query-client.ts";
import { createTabSync } from "../api/tab-sync.ts";
import { createTextStorage } from "../lib/storage.ts";
import { createPreferences } from "./preferences.ts";
import type { Services } from "./services.ts";

/** Whatever this page changes, it asks for anew, and so do the other tabs. */
function createSyncedQueryClient(): QueryClient {
  const tabs = createTabSync();
  const queryClient = createQueryClient({
    onChange: () => {
      void queryClient.invalidateQueries();
      tabs.announce();
    },
    onSignedOut: () => void queryClient.invalidateQueries({ queryKey: [["auth", "me"]] }),
  });
  tabs.listen(() => void queryClient.invalidateQueries());
  return queryClient;
}

export function createServices(): Services {
  const connection = createConnection();
  const storage = createTextStorage(() => localStorage);
  return {
    connection,
    storage,
    client: createClient(connection),
    queryClient: createSyncedQueryClient(),
    preferences: createPreferences(storage, navigator.languages),
  };
}
