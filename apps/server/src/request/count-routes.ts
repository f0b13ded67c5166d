import type { UseCases } from "@deepbot/api/server";
import { countAddress } from "./context.ts";
import type { Route } from "./routes.ts";

/** Routes without a procedure that counts their requests: they use the same quota as procedures without a credential. */
export function countRoutes(routes: readonly Route[], { rateLimits }: Pick<UseCases, "rateLimits">): Route[] {
  return routes.map((route) => ({
    ...route,
    handle: (request, matched) => {
      countAddress(request, "public", rateLimits);
      return route.handle(request, matched);
    },
  }));
}
