import { setTimeout as delay } from "node:timers/promises";
import { failureClassOf } from "@deepbot/client";
import { testKeys } from "@deepbot/testing";

/** A response; status 0 when none arrived. */
export interface Reply<T = unknown> {
  status: number;
  body: T;
  retryAfter: string | null;
  replica: string;
  tookMs: number;
}

export interface Call {
  method?: "GET" | "POST" | "DELETE";
  path: string;
  body?: unknown;
  cookie?: string;
  /** Sends a service key: this one, or the environment's. */
  asWorker?: boolean | string;
  timeoutMs?: number;
  signal?: AbortSignal;
}

function headersOf({ body, cookie, asWorker = false }: Call): Record<string, string> {
  const key = asWorker === true ? testKeys.messages : asWorker;
  return {
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(cookie === undefined ? {} : { cookie }),
    ...(key === false ? {} : { "x-messages-key": key }),
  };
}

/** One request to one replica. A broken connection is a reply with status 0, not an error. */
export async function callOnce<T = unknown>(replica: string, call: Call): Promise<Reply<T>> {
  const startedAt = performance.now();
  const from = (): Pick<Reply, "replica" | "tookMs"> => ({ replica, tookMs: performance.now() - startedAt });
  const timeout = AbortSignal.timeout(call.timeoutMs ?? 20_000);
  try {
    const response = await fetch(replica + call.path, {
      method: call.method ?? "POST",
      headers: headersOf(call),
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      signal: call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal]),
    });
    const text = await response.text();
    const body = (text === "" ? null : JSON.parse(text)) as T;
    return { status: response.status, body, retryAfter: response.headers.get("retry-after"), ...from() };
  } catch {
    return { status: 0, body: null as T, retryAfter: null, ...from() };
  }
}

/** Never retried, although clients may: a 500 is a bug that must be seen, and a 504 is the outcome of a wait. */
const finalStatuses: readonly number[] = [500, 504];

/** Whether the same request may succeed at another replica or later. */
export function isTemporary({ status, body }: Reply): boolean {
  if (status === 0) return true;
  if (status < 400 || finalStatuses.includes(status)) return false;
  const { code = "" } = (body ?? {}) as { code?: string };
  return failureClassOf({ code, status }) === "unavailable";
}

export interface Retrying {
  urls: readonly string[];
  pick: (urls: readonly string[]) => string;
  patienceMs?: number;
  onReply?: (reply: Reply) => void;
}

/** Repeats a request at any replica until the failure is not temporary. Returns the last reply when time runs out. */
export async function callAny<T = unknown>(retrying: Retrying, call: Call): Promise<Reply<T>> {
  const limit = performance.now() + (retrying.patienceMs ?? 45_000);
  for (;;) {
    const reply = await callOnce<T>(retrying.pick(retrying.urls), call);
    retrying.onReply?.(reply);
    if (!isTemporary(reply) || performance.now() > limit) return reply;
    await delay(150);
  }
}
