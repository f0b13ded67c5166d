import type { Exchange } from "./exchange.ts";
import { sendJson } from "./respond.ts";

/**
 * `/livez`: the process serves. `/readyz`: it may be sent requests, which takes a database that answers and no stop
 * under way; migrations have run before the first request. Returns false for any other path.
 */
export async function answerProbe(exchange: Exchange, isReady: () => Promise<boolean>): Promise<boolean> {
  const { method, path } = exchange;
  if (method !== "GET" && method !== "HEAD") return false;
  if (path === "/livez") {
    sendJson(exchange, 200, { status: "ok" });
    return true;
  }
  if (path !== "/readyz") return false;
  const ready = await isReady();
  sendJson(exchange, ready ? 200 : 503, { status: ready ? "ok" : "unavailable" });
  return true;
}
