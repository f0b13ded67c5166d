import { mainEngine, openTestDatabase } from "@deepbot/db/testing";
import { testKeys } from "@deepbot/testing";
import { describe, expect, it } from "vitest";
import { bootApp, connectApi, useApi } from "../support/api.ts";
import { expectProblem, expectRefusal, languages } from "../support/problem.ts";

describe("GET /health", () => {
  const api = useApi();

  it("is ok with the key", async () => {
    const { status, body } = await api.call("GET /health", { headers: { "X-Health-Key": testKeys.health } });
    expect([status, body]).toEqual([200, { status: "ok" }]);
  });

  it.for([
    ["no key", {}],
    ["an empty key", { "X-Health-Key": "" }],
    ["another key", { "X-Health-Key": "wrong" }],
    ["the beginning of the key", { "X-Health-Key": testKeys.health.slice(0, -1) }],
    ["the key and more", { "X-Health-Key": `${testKeys.health}x` }],
    ["the key in capitals", { "X-Health-Key": testKeys.health.toUpperCase() }],
    ["the service key", { "X-Health-Key": testKeys.messages }],
    ["the key in the header of workers", { "X-Messages-Key": testKeys.health }],
    ["the key twice", { "X-Health-Key": `${testKeys.health}, ${testKeys.health}` }],
  ] as const)("is Forbidden in either language with %s", async ([, key]) => {
    for (const language of languages) {
      const reply = await api.call("GET /health", { headers: { ...key, "Accept-Language": language } });
      expect(expectProblem(reply, 403).detail).toBe("Forbidden");
    }
  });

  it("is 503 with Retry-After on both transports while the database does not respond, for holders of the key", async () => {
    const database = await openTestDatabase(mainEngine());
    const { url, stop } = await bootApp(database);
    await database.close();
    const cut = connectApi(() => ({ url, database }));
    for (const language of languages) {
      const headers = { "X-Health-Key": testKeys.health, "Accept-Language": language };
      expectRefusal(await cut.call("GET /health", { headers }), { status: 503, language });
    }
    const key = { "X-Health-Key": testKeys.health };
    for (const target of ["GET /health", "GET /trpc/health.check"] as const) {
      const { status, headers } = await cut.request(target, { headers: key });
      expect([target, status, headers["retry-after"]]).toEqual([target, 503, "2"]);
    }
    expectProblem(await cut.call("GET /health"), 403);
    const probes = [await cut.request("GET /livez"), await cut.request("GET /readyz")];
    expect(probes.map(({ status }) => status)).toEqual([200, 503]);
    await stop();
  });

  it("has open probes beside it: the process is alive, and ready", async () => {
    const probes = [await api.request("GET /livez"), await api.request("GET /readyz")];
    expect(probes.map(({ status }) => status)).toEqual([200, 200]);
  });
});
