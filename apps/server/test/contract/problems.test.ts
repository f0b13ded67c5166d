import {
  errorCatalogue,
  errorCodes,
  errorMessage,
  problemTypeOf,
  type ErrorCode,
  type ErrorEntry,
} from "@deepbot/contract";
import { describe, expect, it } from "vitest";
import { useApi } from "../support/api.ts";
import { createDialog } from "../support/dialogs.ts";
import type { RequestOptions, Target } from "../support/http.ts";
import { expectProblem } from "../support/problem.ts";

describe("the errors", () => {
  const api = useApi();

  it.for(errorCodes)("have a page for %s, which its type leads to", async (code) => {
    const { status, text, headers } = await api.request(`GET ${problemTypeOf(code)}` as Target);
    expect([status, headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    expect(text).toContain(`<h1><code>${code}</code></h1>`);
    expect(text).toContain(String(errorCatalogue[code].status));
  });

  it("are listed on one page, with a link to each", async () => {
    const { text } = await api.request("GET /docs/problems");
    for (const code of errorCodes) expect(text).toContain(`href="${problemTypeOf(code)}"`);
  });

  it("have no page for a code that does not exist", async () => {
    expectProblem(await api.request("GET /docs/problems/no_such_code"), 404);
    expectProblem(await api.request("GET /docs/problems/toString"), 404);
  });

  const malformed: [string, Target, RequestOptions, ErrorCode, string][] = [
    ["a path with two slashes", "GET //worker/claim", {}, "target_malformed", "begins with one slash"],
    ["a repeated parameter", "GET /me?a=1&a=2", {}, "query_malformed", "is repeated"],
    ["a malformed host", "GET /me", { headers: { Host: "a b" } }, "host_malformed", "Host header"],
    ["a key that reaches into prototypes", "POST /create/users", { json: { constructor: 1 } }, "body_malformed", "key"],
    [
      "a compressed body",
      "POST /create/users",
      { body: "x", headers: { "Content-Type": "application/json", "Content-Encoding": "gzip" } },
      "content_encoding_refused",
      "Content-Encoding gzip is not accepted",
    ],
    ["an unknown path", "GET /wrong/path?a=1", {}, "not_found", "There is nothing at /wrong/path."],
    ["an unknown procedure", "GET /trpc/no.such", {}, "not_found", "There is nothing at /trpc/no.such."],
  ];
  it.for(malformed)("say what is wrong about %s", async ([, target, options, code, words]) => {
    const { body } = await api.request<{ code?: string; detail?: string; error?: { message: string; data: object } }>(
      target,
      options,
    );
    const { code: found, detail = body.error?.message } = { ...body, ...body.error?.data };
    expect(found).toBe(code);
    expect(detail).toContain(words);
  });

  it("show no more than the beginning of a long path", async () => {
    const { body } = await api.request<{ path: string }>(`GET /${"x".repeat(1000)}`);
    expect(body.path).toHaveLength(200);
  });

  it.for<[string, Target, object, string[]]>([
    ["a number", "POST /dialogs/delete", {}, ["dialog_id"]],
    ["a boolean", "POST /worker/runs/1/fail", { lease_token: crypto.randomUUID() }, ["code", "message", "retry"]],
    ["a UUID", "POST /worker/runs/1/release", {}, ["lease_token"]],
  ])("call %s that is absent missing", async ([, target, json, keys]) => {
    const person = await api.signIn();
    const call = target.includes("/worker/") ? api.asWorker : person.call;
    const { errors = [] } = expectProblem(await call(target, { json }), 422);
    expect(errors).toEqual(keys.map((key) => ({ loc: ["body", key], msg: "is required", type: "missing" })));
  });

  it("say that a lease token must be the one of the claim", async () => {
    const reply = await api.asWorker("POST /worker/runs/1/release", { json: { lease_token: "…" } });
    expect(expectProblem(reply, 422).detail).toBe("lease_token: must be the UUID that claim returned.");
  });

  it("have the same code in tRPC, which keeps it under its old name too", async () => {
    const { body } = await api.request<{ error: { data: object } }>("GET /trpc/auth.me");
    const type = problemTypeOf("unauthenticated");
    expect(body.error.data).toMatchObject({ type, code: "unauthenticated", error_code: "unauthenticated" });
  });
});

describe("the original operations", () => {
  const api = useApi();

  it.for<[Target, string]>([
    ["GET /messages", "/worker/claim"],
    ["POST /send/message/user", "/worker/runs/%7Brun_id%7D/complete"],
  ])("name the operation that does better than %s", async ([target, better]) => {
    const { headers } = await api.asWorker(target, target.startsWith("POST") ? { json: {} } : {});
    expect(headers["deprecation"]).toBe("@1795737600");
    expect(headers["link"]).toBe(`<${better}>; rel="successor-version"`);
  });

  it("are not deprecated where there is no better one", async () => {
    const person = await api.signIn();
    expect((await person.call("GET /me")).headers["deprecation"]).toBeUndefined();
  });

  it("name the members that they ignore", async () => {
    const person = await api.signIn();
    const dialogId = await createDialog(person);
    const json = { dialog_id: dialogId, dialog_name: "another", dialog_Name: "x", "a b": 1 };
    const { status, headers } = await person.call("POST /dialogs/rename", { json });
    expect([status, headers["x-ignored-fields"]]).toEqual([200, "dialog_Name"]);
    const plain = await person.call("POST /dialogs/rename", { json: { dialog_id: dialogId, dialog_name: "third" } });
    expect(plain.headers["x-ignored-fields"]).toBeUndefined();
  });
});

describe("a sentence", () => {
  it.for(errorCodes)("of %s leaves no placeholder that its facts do not fill", (code) => {
    const { facts = [], optionalFacts = [] }: ErrorEntry = errorCatalogue[code];
    const details = Object.fromEntries([...facts, ...optionalFacts].map((name) => [name, `<${name}>`]));
    const named = [...errorCatalogue[code].text.en.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
    expect(Object.keys(details)).toEqual(expect.arrayContaining(named));
    expect(errorMessage(code, "ru", details)).not.toMatch(/\{\w+\}/);
  });
});
