import type { QueryClient } from "@tanstack/react-query";
import { createContext, use } from "react";
import type { Client } from "../api/client.ts";
import type { Connection } from "../api/connection.ts";
import type { TabSync } from "../api/tab-sync.ts";
import type { Outbox } from "../features/chat/model/outbox.ts";
import type { TextStorage } from "../lib/storage.ts";
import type { Preferences } from "./preferences.ts";

/** What lives as long as the page; built once in main. */
export interface Services {
  client: Client;
  queryClient: QueryClient;
  connection: Connection;
  storage: TextStorage;
  preferences: Preferences;
  outbox: Outbox;
  tabs: TabSync;
}

export const ServicesContext = createContext<Services | null>(null);

export function useServices(): Services {
  const services = use(ServicesContext);
  if (services === null) throw new Error("There are no services above this component.");
  return services;
}
