import { limits } from "@deepbot/contract";

/**
 * What a device calls itself, fit to be stored and shown: printable ASCII without runs of blanks, cut to a sensible length.
 * Null when nothing is left.
 */
export function cleanUserAgent(header: string | undefined): string | null {
  const printable = (header ?? "").replaceAll(/[^\u0020-\u007e]+/g, " ").replaceAll(/ {2,}/g, " ");
  return printable.trim().slice(0, limits.userAgentMax).trimEnd() || null;
}
