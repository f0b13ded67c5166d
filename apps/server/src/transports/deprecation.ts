import type { Meta } from "@deepbot/api/server";

/** When the better operations were there: 27 November 2026. @see https://www.rfc-editor.org/rfc/rfc9745 */
export const deprecatedSince = "@1795737600";

/** Names the better operation. Its parameters stay open, so braces are part of the path. */
export function successorLink(path: string): string {
  return `<${encodeURI(path)}>; rel="successor-version"`;
}

/** Headers of every response of an operation that has a better one beside it. */
export function deprecationHeaders({ successor }: Pick<Meta, "successor">): Record<string, string> {
  return successor === undefined ? {} : { Deprecation: deprecatedSince, Link: successorLink(successor) };
}
