import { createContext, use } from "react";
import type { Outputs } from "@deepbot/api";

/** What the platform says of itself: how people sign in, and its limits. */
export type PlatformConfig = Outputs["config"]["get"];

export const ConfigContext = createContext<PlatformConfig | null>(null);

export function useConfig(): PlatformConfig {
  const config = use(ConfigContext);
  if (config === null) throw new Error("There is no configuration above this component.");
  return config;
}
