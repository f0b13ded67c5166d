import { describe, expect, it } from "vitest";
import { frontOrigin, useApi } from "../support/api.ts";
import { documented } from "../support/document.ts";
import type { Reply, RequestOptions, Target } from "../support/http.ts";

const foreign = [
  "null",
  "",
  "*",
  `${frontOrigin}.evil.example`,
  `${frontOrigin}/`,
  `${frontOrigin}0`,
  frontOrigin.replace("http:", "https:"),
  frontOrigin.replace("3000", "3001"),
  frontOrigin.replace(":3000", ""),
  frontOrigin.replace("chat.", "chat-"),
  frontOrigin.replace("chat.", ""),
  frontOrigin.replace("chat.", "evil.chat."),
  frontOrigin.toUpperCase(),
  `${frontOrigin} ${frontOrigin}`,
  `${frontOrigin}, https://evil.example`,
  "https://evil.example",
];

/** Path parameters of the document filled in. */
const anyPath = (path: string): string => path.replaceAll(/\{\w+\}/g, "1");

function expectAllowed({ headers }: Reply): void {
  expect(headers["access-control-allow-origin"]).toBe(frontOrigin);
  expect(headers["access-control-allow-credentials"]).toBe("true");
  expectVaries(headers.vary);
}

function expectVaries(vary: string | undefined): void {
  expect((vary ?? "").toLowerCase().split(/,\s*/)).toContain("origin");
}

function expectNotAllowed({ headers }: Reply): void {
  expect(Object.keys(headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
  expectVaries(headers.vary);
}

describe("across origins", () => {
  const api = useApi();

  describe("the front end's origin", () => {
    const Origin = frontOrigin;

    it("may read what a signed-in person gets", async () => {
      const person = await api.signIn();
      const reply = await person.call("GET /me", { headers: { Origin } });
      expect(reply.status).toBe(200);
      expectAllowed(reply);
      expectAllowed(await person.call("POST /dialogs", { headers: { Origin } }));
      expectAllowed(await person.call("POST /logout", { headers: { Origin } }));
    });

    it.for<[number, Target, RequestOptions]>([
      [400, "POST /create/users", { json: {} }],
      [401, "GET /me", {}],
      [403, "GET /health", {}],
      [403, "GET /messages", {}],
      [404, "GET /no/such/path", {}],
      [405, "PATCH /me", {}],
      [413, "POST /create/users", { body: "x".repeat(100_000) }],
      [
        415,
        "POST /create/users",
        { body: "token=x", headers: { "Content-Type": "application/x-www-form-urlencoded" } },
      ],
      [400, "POST /create/users", { body: "{" }],
    ])("may read a refusal too: %i of %s", async ([status, target, options]) => {
      const reply = await api.request(target, { ...options, headers: { ...options.headers, Origin } });
      expect(reply.status).toBe(status);
      expectAllowed(reply);
    });

    it("may read a refused input and what is not found", async () => {
      const person = await api.signIn();
      const refused = await person.call("POST /dialogs/create", { json: {}, headers: { Origin } });
      const unknown = await person.call("GET /dialogs/2000000000", { headers: { Origin } });
      expect([refused.status, unknown.status]).toEqual([422, 404]);
      expectAllowed(refused);
      expectAllowed(unknown);
    });

    it.for(documented)(
      "is let through by the preflight of $method $path, which is kept for 600 s",
      async ({ method, path }) => {
        const headers = {
          Origin,
          "Access-Control-Request-Method": method,
          "Access-Control-Request-Headers": "content-type",
        };
        const reply = await api.request(`OPTIONS ${anyPath(path)}` as Target, { headers });
        expect(reply.status).toBe(204);
        expectAllowed(reply);
        expect(reply.headers["access-control-max-age"]).toBe("600");
        expect(reply.headers["access-control-allow-methods"]?.split(/,\s*/)).toContain(method);
        expect(reply.headers["access-control-allow-headers"]?.toLowerCase().split(/,\s*/)).toContain("content-type");
      },
    );
  });

  describe("another origin", () => {
    it.for(foreign)("such as %j may read nothing", async (Origin) => {
      const person = await api.signIn();
      const targets: Target[] = ["GET /me", "POST /dialogs", "GET /dialogs/2000000000", "GET /no/such/path"];
      for (const target of targets)
        expectNotAllowed(await api.request(target, { headers: { Origin, Cookie: person.cookie } }));
      expectNotAllowed(await api.request("GET /me", { headers: { Origin } }));
      expectNotAllowed(await api.request("POST /create/users", { json: {}, headers: { Origin } }));
    });

    it.for(foreign)("such as %j is not let through by a preflight", async (Origin) => {
      const headers = {
        Origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
      };
      expectNotAllowed(await api.request("OPTIONS /dialogs", { headers }));
    });

    it("or none at all: the answer says that it varies with the origin", async () => {
      const person = await api.signIn();
      expectNotAllowed(await person.call("GET /me"));
      expectNotAllowed(await api.call("GET /me"));
      expectNotAllowed(await api.request("GET /openapi.json"));
    });
  });
});
