import { AsyncLocalStorage } from "node:async_hooks";

/** The id of the request that is being served, for every line that is logged meanwhile. */
export const requestScope: AsyncLocalStorage<{ requestId: string }> = new AsyncLocalStorage();

/** What a log line says of the request that it belongs to. */
export function describeRequest(): object {
  const scope = requestScope.getStore();
  return scope === undefined ? {} : { request_id: scope.requestId };
}
