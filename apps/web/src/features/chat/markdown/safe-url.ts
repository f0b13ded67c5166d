const schemes: readonly string[] = ["http:", "https:", "mailto:"];

/** The address of a link in an answer, if it leads somewhere a link may lead; else none. */
export function safeUrl(address: string): string {
  const url = URL.parse(address);
  return url !== null && schemes.includes(url.protocol) ? url.href : "";
}
