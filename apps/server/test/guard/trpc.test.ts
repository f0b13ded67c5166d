import { signInPerson, type Person } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startGuardedApp, type GuardedApp } from "./support/guarded-app.ts";

let app: GuardedApp;
let person: Person;
let dialog: number;

beforeAll(async () => {
  app = await startGuardedApp();
  person = await signInPerson(app.url, "ann");
  dialog = (await person.call<{ dialog: number }>("POST", "/dialogs/create", { dialog_name: "abc" })).body.dialog;
});

afterAll(() => app.stop());

interface TrpcError {
  error: { message: string; data: { httpStatus: number; code: string; request_id: string } };
}

const query = (name: string, input: unknown): string =>
  `/trpc/${name}?input=${encodeURIComponent(JSON.stringify(input))}`;

describe("inputs keep their types, whatever REST requests came before", () => {
  const warmUps = [
    ["GET", () => `/dialogs/${dialog}`, undefined],
    ["GET", () => `/dialogs/flag/${dialog}`, undefined],
    ["GET", () => "/runs/1", undefined],
    ["GET", () => `/dialogs/${dialog}/messages?before=9&limit=5`, undefined],
    ["DELETE", () => "/me?user_id=987654", undefined],
    ["POST", () => "/dialogs/rename", () => ({ dialog_id: dialog, dialog_name: "abc" })],
  ] as const;

  const wrong = ["5", null, true, "", [5], 5.5, "0x5"];

  beforeAll(async () => {
    for (const [method, path, body] of warmUps) await person.call(method, path(), body?.());
  });

  test.each(wrong)("tRPC refuses %j for a number in a query", async (value) => {
    const answer = await person.call<TrpcError>("GET", query("dialogs.get", { dialog_id: value }));
    expect(answer.status).toBe(422);
    expect(answer.body.error.data.code).toBe("invalid_input");
  });

  test.each(wrong)("tRPC refuses %j for a number in a mutation", async (value) => {
    const answer = await person.call<TrpcError>("POST", "/trpc/dialogs.rename", {
      dialog_id: value,
      dialog_name: "abc",
    });
    expect(answer.status).toBe(422);
  });

  test.each(wrong)("REST refuses %j for a number in a body", async (value) => {
    const answer = await person.call("POST", "/dialogs/rename", { dialog_id: value, dialog_name: "abc" });
    expect(answer.status).toBe(422);
  });
});

describe("batches", () => {
  const batchOf = (count: number): string =>
    `/trpc/${Array.from({ length: count }, () => "auth.me").join(",")}?batch=1`;

  test("ten calls get their responses", async () => {
    const answer = await person.call<unknown[]>("GET", batchOf(10));
    expect(answer.status).toBe(200);
    expect(answer.body).toHaveLength(10);
  });

  test.each([11, 500])("%i calls are refused as a whole, with the request's id", async (count) => {
    const response = await fetch(app.url + batchOf(count), {
      headers: { cookie: person.cookie, "x-request-id": "batch-too-big" },
    });
    expect(response.status).toBe(400);
    const text = await response.text();
    expect(text).not.toContain("ann@example.com");
    expect(text).toContain("batch-too-big");
  });

  test.each([null, [], 7, "x"])("a batch of %j is malformed", async (body) => {
    const { status } = await person.call("POST", "/trpc/dialogs.delete?batch=1", body);
    expect(status).toBe(400);
  });

  test.each([{}, { 0: null }, { 1: { dialog_id: 1 } }])("a batch of %j lacks the input of its call", async (body) => {
    const { status } = await person.call("POST", "/trpc/dialogs.delete?batch=1", body);
    expect(status).toBe(422);
  });
});

describe("methods", () => {
  const mutations = ["auth.logout", "auth.signIn", "dialogs.create", "messages.send", "worker.claim"];

  test.each(mutations)("GET of the mutation %s is refused and does nothing", async (name) => {
    const answer = await person.call<TrpcError>("GET", query(name, { dialog_name: "abc" }));
    expect(answer.status).toBe(405);
    expect((await person.call("GET", "/me")).status).toBe(200);
  });

  test.each(["PUT", "PATCH", "DELETE"])("%s is refused", async (method) => {
    expect((await person.call(method, "/trpc/auth.logout", {})).status).toBe(405);
    expect((await person.call("GET", "/me")).status).toBe(200);
  });

  test("a header cannot change the method", async () => {
    const headers = { cookie: person.cookie, "x-http-method-override": "POST" };
    expect((await fetch(`${app.url}/trpc/auth.logout?method=POST`, { headers })).status).toBe(405);
    expect((await person.call("GET", "/me")).status).toBe(200);
  });
});

describe("refusals that come before a procedure carry the request's id too", () => {
  const early = [
    { name: "unknown procedure", target: "/trpc/no.such" },
    { name: "connection parameters", target: "/trpc/auth.me?connectionParams=x" },
    { name: "broken input", target: "/trpc/dialogs.get?input=x" },
    { name: "queries and mutations in one batch", target: "/trpc/auth.me,auth.logout?batch=1" },
  ];

  test.each(early)("$name", async ({ target }) => {
    const headers = { cookie: person.cookie, "x-request-id": "early-refusal" };
    const response = await fetch(app.url + target, { headers });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expect(await response.text()).toContain('"request_id":"early-refusal"');
  });
});

describe("streamed batches (application/jsonl), whose headers are out before a procedure runs", () => {
  test("signing out causes no error of the server", async () => {
    const visitor = await signInPerson(app.url, "bob");
    const response = await fetch(`${app.url}/trpc/auth.logout?batch=1`, {
      method: "POST",
      headers: { cookie: visitor.cookie, "content-type": "application/json", "trpc-accept": "application/jsonl" },
      body: "{}",
    });
    expect(await response.text()).not.toContain("INTERNAL_SERVER_ERROR");
    expect(app.log()).not.toContain('"request_failed"');
  });
});
