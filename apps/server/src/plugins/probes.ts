import { sendJson } from "../request/send.ts";
import { getRoute, type Route } from "../request/routes.ts";

/**
 * `/livez`: the process serves. `/readyz`: it can take requests, so its database answers and it is not stopping. The
 * server migrates before it listens.
 */
export function probeRoutes(isReady: () => Promise<boolean>): Route[] {
  return [
    getRoute("livez", "/livez", (request) => sendJson(request, 200, { status: "ok" })),
    getRoute("readyz", "/readyz", async (request) => {
      const ready = await isReady();
      sendJson(request, ready ? 200 : 503, { status: ready ? "ok" : "unavailable" });
    }),
  ];
}
