import type { IncomingMessage, ServerResponse } from "node:http";
import type { Locale } from "@deepbot/api/server";

/** One request that passed the front door, with its answer under way. */
export interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
  /** What the answer carries; goes out with its status. Doors add to it. */
  headers: Record<string, string>;
  requestId: string;
  locale: Locale;
  method: string;
  /** Still percent-encoded, without a slash at the end. */
  path: string;
  query: URLSearchParams;
  /** Which of a closed set of names it counts under: a procedure, a batch, or `edge` for what reached none. */
  operation: string;
}
