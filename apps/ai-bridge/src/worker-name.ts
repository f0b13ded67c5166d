import { limits } from "@deepbot/contract";
import type { AssistantConfig } from "./config.ts";

/** The worker's name with the assistant's, so that the loops of one bridge can be told apart. */
export function workerNameFor(name: string, { slug }: AssistantConfig): string {
  if (slug === null) return name;
  const suffix = `/${slug}`;
  return name.slice(0, limits.workerNameMax - suffix.length) + suffix;
}
