import { createContext, use } from "react";
import type { Outputs } from "@deepbot/api";

/** Server settings that the pages need: the sign-in method and the limits. */
export type PlatformConfig = Outputs["config"]["get"];

export const ConfigContext = createContext<PlatformConfig | null>(null);

export function useConfig(): PlatformConfig {
  const config = use(ConfigContext);
  if (config === null) throw new Error("ConfigContext is missing above this component.");
  return config;
}
