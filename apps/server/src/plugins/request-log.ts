import type { Log, Sampler } from "@deepbot/api/server";
import type { OnUnserved } from "../request/client-error.ts";
import type { RequestContext } from "../request/context.ts";

/** How a request ended. */
export interface RequestEnd {
  status: number;
  /** From its headers to the end of the response. */
  ms: number;
  /** Bytes of the response, headers included. */
  bytes: number;
  /** Whether the client disconnected before the response was complete. */
  aborted: boolean;
}

export type LogRequest = (request: RequestContext, end: RequestEnd) => void;

/** A minute of refused or anonymous requests: of one kind and address, and of all together. */
export const sampledPerMinute = { windowMs: 60_000, perKind: 10, total: 3_000 };

/** Characters of a path that are logged, and only where no route matched. */
const pathMax = 200;

/** Succeed many times a second as long as all is well; logged at `debug`. */
const frequent: ReadonlySet<string> = new Set(["livez", "readyz", "metrics", "worker.append", "worker.heartbeat"]);

function fieldsOf(request: RequestContext, { status, ms, bytes, aborted }: RequestEnd): object {
  const { requestId, method, operation, path, address, identity, errors } = request;
  return {
    module: "http",
    ...(errors.length === 0 ? { event: "request" } : { event: "request_refused", code: errors[0] }),
    request_id: requestId,
    method,
    operation,
    status,
    ...(operation === "none" ? { path: path.slice(0, pathMax) } : {}),
    ...(errors.length > 1 ? { errors: errors.length } : {}),
    ...(aborted ? { aborted } : {}),
    ms: Math.round(ms),
    bytes,
    address,
    user_id: identity?.userId,
    session_id: identity?.sessionId,
    key_id: identity?.keyId,
  };
}

/**
 * Measures each request and writes one line for it: outages at warn, all else at info. Lines of refusals and of strangers
 * are sampled, so that nobody can fill the disk.
 */
export function createRequestLog(deps: {
  log: Log & { debug: Log["info"] };
  sampler: Pick<Sampler, "admit">;
  requestDuration: { observe: (labels: { operation: string; status: number }, seconds: number) => void };
}): LogRequest {
  const { log, sampler, requestDuration } = deps;
  return (request, end) => {
    const { method, operation, address, identity, errors } = request;
    requestDuration.observe({ operation, status: end.status }, end.ms / 1000);
    const [code] = errors;
    const message = `${method} ${operation} -> ${end.status}${code === undefined ? "" : ` ${code}`}`;
    if (code === undefined && frequent.has(operation)) {
      log.debug(fieldsOf(request, end), message);
      return;
    }
    if ((code !== undefined || identity === undefined) && !sampler.admit(`request ${code ?? "ok"}`, address)) return;
    log[end.status >= 500 ? "warn" : "info"](fieldsOf(request, end), message);
  };
}

/** Writes a line for what was refused before it became a request. These lines are sampled like those of requests. */
export function createUnservedLog({ log, sampler }: { log: Log; sampler: Pick<Sampler, "admit"> }): OnUnserved {
  return (status, address) => {
    if (!sampler.admit(`request ${status}`, address)) return;
    const fields = { module: "http", event: "request_refused", operation: "none", status, address };
    log.info(fields, `A request was refused unread -> ${status}`);
  };
}
