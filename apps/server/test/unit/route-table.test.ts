import { AppError } from "@deepbot/api/server";
import { describe, expect, it } from "vitest";
import type { RequestContext } from "../../src/request/context.ts";
import { createRouteTable, type Route } from "../../src/request/routes.ts";

function route(method: string, path: string): Route {
  return { name: `${method} ${path}`, method, path, bodyLimit: 0, readsBody: false, handle: () => {} };
}

function find(
  routes: Route[],
  method: string,
  path: string,
): { found?: object; code?: string; allow?: string | undefined } {
  const headers: Record<string, string> = {};
  const request = { method, path, headers } as RequestContext;
  try {
    const { route: found, params } = createRouteTable(routes).find(request);
    return { found: { name: found.name, params } };
  } catch (error) {
    return { code: error instanceof AppError ? error.code : "unexpected", allow: headers["Allow"] };
  }
}

describe("the route table", () => {
  const routes = [
    route("GET", "/things"),
    route("POST", "/things"),
    route("GET", "/things/{id}"),
    route("DELETE", "/things/{id}"),
    route("POST", "/things/new"),
    route("GET", "/things/{id}/parts/{part}"),
  ];

  it("finds a route and decodes its path parameters", () => {
    const params = { id: "a b", part: "c/d" };
    expect(find(routes, "GET", "/things/a%20b/parts/c%2Fd")).toEqual({
      found: { name: "GET /things/{id}/parts/{part}", params },
    });
  });

  it("serves HEAD with the route of GET", () => {
    expect(find(routes, "HEAD", "/things/1")).toEqual({ found: { name: "GET /things/{id}", params: { id: "1" } } });
  });

  it("prefers a fixed path, for methods that it does not have too", () => {
    expect(find(routes, "POST", "/things/new")).toEqual({ found: { name: "POST /things/new", params: {} } });
    expect(find(routes, "GET", "/things/new")).toEqual({ code: "method_not_allowed", allow: "POST" });
  });

  it("names the methods of a path when it refuses another one", () => {
    expect(find(routes, "PUT", "/things")).toEqual({ code: "method_not_allowed", allow: "GET, POST, HEAD" });
    expect(find(routes, "PUT", "/things/1")).toEqual({ code: "method_not_allowed", allow: "GET, DELETE, HEAD" });
  });

  it.for(["/", "/thing", "/things/", "/things/1/parts", "/Things"])("has nothing at %s", (path) => {
    expect(find(routes, "GET", path)).toEqual({ code: "not_found", allow: undefined });
  });

  it("refuses to be built with two routes for the same method and path", () => {
    expect(() => createRouteTable([...routes, route("GET", "/things")])).toThrow("GET /things has two routes.");
  });
});
