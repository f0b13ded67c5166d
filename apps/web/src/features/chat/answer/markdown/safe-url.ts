const schemes: readonly string[] = ["http:", "https:", "mailto:"];

/** The address of a link in an answer, or an empty string if its scheme is not allowed or it is relative. */
export function safeUrl(address: string): string {
  const url = URL.parse(address);
  return url !== null && schemes.includes(url.protocol) ? url.href : "";
}
