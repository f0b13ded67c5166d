import type { Client } from "@deepbot/client";
import type { QueryClient } from "@tanstack/react-query";
import { createContext, use } from "react";
import type { Connection } from "../api/connection.ts";
import type { TabSync } from "../api/tab-sync.ts";
import type { Outbox } from "../features/chat/unsent/outbox.ts";
import type { TextStorage } from "../lib/storage.ts";
import type { Preferences } from "./preferences.ts";

/** Everything that lives as long as the page. Created once, in main. */
export interface AppServices {
  client: Client;
  queryClient: QueryClient;
  connection: Connection;
  storage: TextStorage;
  preferences: Preferences;
  outbox: Outbox;
  tabs: TabSync;
}

export const AppServicesContext = createContext<AppServices | null>(null);

export function useAppServices(): AppServices {
  const appServices = use(AppServicesContext);
  if (appServices === null) throw new Error("AppServicesContext is missing above this component.");
  return appServices;
}
