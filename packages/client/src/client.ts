import type { ClientOptions } from "./client-options.ts";
import { connect } from "./connect.ts";
import type { Client } from "./wire.ts";

/**
 * Creates a client that batches queries, sends each mutation in a request of its own and receives subscriptions as
 * Server-Sent Events. Nothing is sent until the first call.
 */
export function createClient(options: ClientOptions): Client {
  return connect(options);
}
