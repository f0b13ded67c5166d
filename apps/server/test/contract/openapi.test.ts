import { appRouter, type Meta } from "@deepbot/api/server";
import { testKeys } from "@deepbot/testing";
import { describe, expect, it } from "vitest";
import openApiDocument from "../../openapi.json" with { type: "json" };
import { generateDocument } from "../../src/openapi/generate.ts";
import { useApi } from "../support/api.ts";
import { checkDocumented, documented, findSchemaIssue, type DocumentedOperation } from "../support/document.ts";
import type { RequestOptions, Target } from "../support/http.ts";
import type { Problem } from "../support/problem.ts";

const cookie = [{ cookie: [] }, { bearer: [] }];
const session = [{ cookie: [] }];
const serviceKey = [{ serviceKey: [] }, { bearer: [] }];
const healthKey = [{ healthKey: [] }, { bearer: [] }];

/** What the contract promises, with who may call it and its success. */
const promised: [Target, object[], number][] = [
  ["POST /create/users", [], 200],
  ["GET /me", cookie, 200],
  ["POST /logout", [], 200],
  ["POST /dialogs", cookie, 200],
  ["POST /dialogs/create", cookie, 200],
  ["POST /dialogs/delete", cookie, 200],
  ["POST /dialogs/rename", cookie, 200],
  ["GET /dialogs/{dialog_id}", cookie, 200],
  ["GET /dialogs/flag/{dialog_id}", cookie, 200],
  ["GET /flag/{dialog_id}", cookie, 200],
  ["POST /send/message/ai", cookie, 200],
  ["GET /messages", serviceKey, 200],
  ["POST /send/message/user", serviceKey, 200],
  ["GET /health", healthKey, 200],
  ["POST /dialogs/{dialog_id}/runs", cookie, 202],
  ["GET /runs/{run_id}", cookie, 200],
  ["POST /runs/{run_id}/cancel", cookie, 200],
  ["POST /runs/{run_id}/retry", cookie, 202],
  ["POST /worker/claim", serviceKey, 200],
  ["POST /worker/runs/{run_id}/heartbeat", serviceKey, 200],
  ["POST /worker/runs/{run_id}/append", serviceKey, 200],
  ["POST /worker/runs/{run_id}/complete", serviceKey, 200],
  ["POST /worker/runs/{run_id}/fail", serviceKey, 200],
  ["POST /worker/runs/{run_id}/release", serviceKey, 200],
  ["GET /worker/stats", serviceKey, 200],
  ["GET /dialogs/{dialog_id}/messages", cookie, 200],
  ["GET /sessions", cookie, 200],
  ["DELETE /sessions/{session_id}", session, 200],
  ["POST /logout/everywhere", session, 200],
  ["GET /me/export", cookie, 200],
  ["GET /assistants", cookie, 200],
  ["GET /operator/assistants", session, 200],
  ["POST /operator/assistants", session, 201],
  ["PATCH /operator/assistants/{slug}", session, 200],
  ["DELETE /operator/assistants/{slug}", session, 200],
  ["PATCH /dialogs/{dialog_id}", cookie, 200],
  ["DELETE /me", session, 200],
  ["GET /me/tokens", session, 200],
  ["POST /me/tokens", session, 201],
  ["DELETE /me/tokens/{token_id}", session, 200],
  ["GET /operator/keys", session, 200],
  ["POST /operator/keys", session, 201],
  ["PATCH /operator/keys/{key_id}", session, 200],
  ["DELETE /operator/keys/{key_id}", session, 200],
  ["GET /config", [], 200],
  ["POST /create/nonce", [], 200],
  ["GET /operator/assistants/{slug}/webhooks", session, 200],
  ["POST /operator/assistants/{slug}/webhooks", session, 201],
  ["PATCH /operator/webhooks/{webhook_id}", session, 200],
  ["DELETE /operator/webhooks/{webhook_id}", session, 200],
  ["POST /operator/webhooks/{webhook_id}/rotate", session, 200],
  ["GET /operator/webhooks/{webhook_id}/deliveries", session, 200],
  ["POST /operator/webhooks/{webhook_id}/test", session, 200],
];

/** How many of them are the original's, the second path of the flag included. */
const originals = 14;

/** The refusals that the contract's table lists. */
const refusals: Record<string, number[]> = {
  "POST /create/users": [400, 401, 403, 503],
  "GET /me": [401],
  "POST /dialogs": [401],
  "POST /dialogs/create": [401, 403, 422],
  "POST /dialogs/delete": [401, 404, 422],
  "POST /dialogs/rename": [401, 404, 422],
  "GET /dialogs/{dialog_id}": [401, 404, 422],
  "GET /dialogs/flag/{dialog_id}": [401, 404, 422],
  "POST /send/message/ai": [401, 404, 409, 410, 422, 504],
  "GET /messages": [403],
  "POST /send/message/user": [403, 404, 422],
  "GET /health": [403, 503],
};

const successTypes = ["application/json", "text/event-stream"];

const nameOf = ({ method, path }: DocumentedOperation): string => `${method} ${path}`;
const byName = new Map(documented.map((operation) => [nameOf(operation), operation]));

describe("the OpenAPI document", () => {
  it("is the one that is committed", () => {
    expect(openApiDocument).toEqual(generateDocument());
  });

  it("is an OpenAPI 3.1 document by its name", () => {
    expect(openApiDocument.openapi).toMatch(/^3\.1\.\d+$/);
    expect(openApiDocument.info.title).toBe("Deepbot API");
  });

  it.for(promised)("has %s as the contract has it", ([name, security, success]) => {
    const operation = byName.get(name);
    expect(operation?.security).toEqual(security);
    expect(Object.keys(operation?.responses ?? {}).filter((status) => status.startsWith("2"))).toEqual([
      String(success),
    ]);
    expect(Object.keys(operation?.responses ?? {}).map(Number)).toEqual(expect.arrayContaining(refusals[name] ?? []));
  });

  it("names where its credentials go", () => {
    expect(openApiDocument.components.securitySchemes).toMatchObject({
      cookie: { type: "apiKey", in: "cookie", name: "access_token" },
      serviceKey: { type: "apiKey", in: "header", name: "X-Messages-Key" },
      healthKey: { type: "apiKey", in: "header", name: "X-Health-Key" },
      bearer: { type: "http", scheme: "bearer" },
    });
  });

  it("has every procedure that is an operation", () => {
    const procedures = Object.values(appRouter._def.procedures) as unknown as { _def: { meta?: Meta } }[];
    const served = procedures.flatMap(({ _def: { meta } }) => {
      if (meta?.events !== undefined) return `GET ${meta.events.path}`;
      const { method, path } = meta?.openapi ?? {};
      return method === undefined
        ? []
        : [`${method} ${path}`, ...(meta?.aliases ?? []).map((alias) => `${method} ${alias}`)];
    });
    expect([...byName.keys()].toSorted()).toEqual(served.toSorted());
  });

  it("has an id of its own for every operation", () => {
    const ids = Object.values(openApiDocument.paths).flatMap((methods) =>
      Object.values(methods).map((operation: { operationId: string }) => operation.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.for([...byName.values()])(
    "has only schemas that are valid, with a body for every status: $method $path",
    (operation) => {
      for (const [status, { content = {} }] of Object.entries(operation.responses)) {
        const types = Number(status) < 400 ? successTypes : ["application/problem+json"];
        expect(types).toEqual(expect.arrayContaining(Object.keys(content)));
        expect(Object.keys(content)).toHaveLength(status === "204" ? 0 : 1);
        for (const { schema } of Object.values(content)) expect(findSchemaIssue(schema, "no object")).toBeDefined();
      }
      for (const { schema } of Object.values(operation.requestBody?.content ?? {})) {
        expect(findSchemaIssue(schema, "no object")).toBeDefined();
      }
    },
  );

  it("refuses unknown keys in the bodies of the new operations, and in no other", () => {
    const original = new Set<string>(promised.slice(0, originals).map(([name]) => name));
    const withBody = documented.filter(({ requestBody }) => requestBody !== undefined);
    const refusing = withBody.filter(({ requestBody }) => {
      const schema = requestBody?.content["application/json"]?.schema ?? {};
      return "additionalProperties" in schema && schema.additionalProperties === false;
    });
    const fresh = withBody.map(nameOf).filter((name) => !original.has(name));
    expect(fresh.length).toBeGreaterThan(0);
    expect(refusing.map(nameOf)).toEqual(fresh);
  });
});

describe("the server", () => {
  const operator = { email: "operator@example.com" };
  const api = useApi({ ADMIN_EMAILS: operator.email });

  it.for([...byName.values()])(
    "serves $method $path to those whom the document names, and to nobody else",
    async (operation) => {
      const target = nameOf(operation).replaceAll(/\{\w+\}/g, "1") as Target;
      const person = await api.signIn({ email: "operator@example.com" });
      const credentials = {
        cookie: { Cookie: person.cookie },
        serviceKey: { "X-Messages-Key": testKeys.messages },
        healthKey: { "X-Health-Key": testKeys.health },
      };
      const [required] = operation.security.flatMap((names) => Object.keys(names));
      const refusal = required === "cookie" || operation.path.startsWith("/worker/") ? 401 : 403;
      const json = ["POST", "PATCH"].includes(operation.method) ? {} : undefined;
      for (const [name, headers] of [["nothing", {}], ...Object.entries(credentials)] as const) {
        const { status, body } = await api.call<Partial<Problem>>(target, { json, headers: { ...headers } });
        const isOpen = required === undefined || required === name;
        expect([name, [401, 403].includes(status) ? status : "let in"]).toEqual([name, isOpen ? "let in" : refusal]);
        expect(["not_found", "method_not_allowed"]).not.toContain(body.code);
      }
    },
  );

  it.for<[string, number, RequestOptions]>([
    ["a foreign site's origin", 403, { json: {}, headers: { Origin: "https://evil.example" } }],
    ["faulty JSON", 400, { body: "{" }],
    ["a form", 415, { body: "a=b", headers: { "Content-Type": "application/x-www-form-urlencoded" } }],
    ["a body far too long", 413, { json: { text: "x".repeat(1_000_000) } }],
  ])("documents what it refuses before any operation: %s", async ([, status, options]) => {
    for (const operation of documented.filter(({ requestBody }) => requestBody !== undefined)) {
      const person = await api.signIn({ email: "operator@example.com" });
      const target = nameOf(operation).replaceAll(/\{\w+\}/g, "1") as Target;
      const forWorkers = operation.security.some((scheme) => "serviceKey" in scheme);
      const credential = forWorkers ? { "X-Messages-Key": testKeys.messages } : { Cookie: person.cookie };
      const headers = { ...credential, ...options.headers };
      const reply = await api.request(target, { ...options, headers });
      expect([target, reply.status]).toEqual([target, status]);
      checkDocumented(target, reply);
    }
  });

  it("shows the document", async () => {
    const { status, headers, body } = await api.request("GET /openapi.json");
    expect([status, body]).toEqual([200, openApiDocument]);
    expect(headers["content-type"]).toMatch(/^application\/json\b/);
  });

  it("shows Swagger UI at /docs, all of it from here", async () => {
    const { status, headers, text } = await api.request("GET /docs");
    expect(status).toBe(200);
    expect(headers["content-type"]).toMatch(/^text\/html\b/);
    const parts = [...text.matchAll(/(?:src|href)="([^"]+)"/g)]
      .map(([, address = ""]) => address)
      .filter((address) => !address.startsWith("data:"));
    expect(parts.length).toBeGreaterThan(0);
    for (const part of parts) expect((await api.request(`GET ${part}` as Target)).status).toBe(200);
  });

  it("shows or redirects /redoc", async () => {
    const { status, headers } = await api.request("GET /redoc");
    const isRedirect = [301, 302, 303, 307, 308].includes(status);
    expect([isRedirect || status, headers.location]).toEqual(isRedirect ? [true, "/docs"] : [200, undefined]);
  });
});
