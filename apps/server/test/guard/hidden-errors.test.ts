import { signInPerson, type Person } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readRows, startGuardedApp, type GuardedApp } from "./support/guarded-app.ts";
import { createFailingDatabase } from "./support/failing-database.ts";

const canary = "CANARY-7f3a";

/** As drizzle-orm raises it: the statement and its parameters are in the message. */
class DrizzleQueryError extends Error {
  readonly query: string;
  readonly params: unknown[];
  constructor(query: string, params: unknown[], cause: Error) {
    super(`Failed query: ${query}\nparams: ${params.join(",")}`);
    this.query = query;
    this.params = params;
    this.cause = cause;
  }
}

const withCode = (error: Error, code: unknown): Error => Object.assign(error, { code });
const failedQuery = `Failed query: insert into dialogs (dialog_name) values ($1)\nparams: ${canary}`;

const raised: { name: string; raise: () => unknown }[] = [
  { name: "an Error", raise: () => new Error(canary) },
  { name: "an Error with a failed query", raise: () => new Error(failedQuery) },
  { name: "an Error with lines that look like frames", raise: () => new Error(`x\n    at ${canary} (${canary}:1:1)`) },
  { name: "a TypeError", raise: () => new TypeError(`Cannot read ${canary}`) },
  { name: "a SyntaxError", raise: () => new SyntaxError(`Unexpected token, "${canary}" is not valid JSON`) },
  { name: "a DrizzleQueryError", raise: () => new DrizzleQueryError("insert", [canary], new Error(canary)) },
  {
    name: "a DrizzleQueryError with a driver's code",
    raise: () => new DrizzleQueryError("insert", [canary], withCode(new Error(canary), "XX000")),
  },
  {
    name: "a DrizzleQueryError whose parameter looks like a frame",
    raise: () => new DrizzleQueryError("insert", [`a\n    at ${canary}`], withCode(new Error("x"), "XX000")),
  },
  {
    name: "an Error with causes",
    raise: () => new Error("x", { cause: new Error("y", { cause: new Error(canary) }) }),
  },
  { name: "an AggregateError", raise: () => new AggregateError([new Error(canary)], canary) },
  {
    name: "an Error with more properties",
    raise: () => Object.assign(new Error("x"), { detail: canary, where: canary }),
  },
  { name: "a text", raise: () => canary },
  { name: "an object", raise: () => ({ message: canary, secret: canary }) },
  { name: "undefined", raise: () => undefined },
  { name: "null", raise: () => null },
];

const failing = createFailingDatabase();
let app: GuardedApp;
let ann: Person;

beforeAll(async () => {
  app = await startGuardedApp({ wrap: failing.wrap });
  ann = await signInPerson(app.url, "ann");
});

afterAll(() => app.stop());

async function create(path: string): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(app.url + path, {
    method: "POST",
    headers: { cookie: ann.cookie, "content-type": "application/json", "x-request-id": "the-request-id" },
    body: JSON.stringify({ dialog_name: "abc" }),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

describe.each(["/dialogs/create", "/trpc/dialogs.create"])("what nobody expected, at %s", (path) => {
  test.each(raised)("$name is told to nobody", async ({ raise }) => {
    failing.failWith(raise);
    const logged = app.log().length;
    const { status, text, headers } = await create(path);
    expect(status).toBe(500);
    expect(text).not.toContain(canary);
    expect(text).not.toMatch(/stack|insert into|node_modules| at /i);
    expect(text).toContain('"request_id":"the-request-id"');
    expect(headers.get("x-request-id")).toBe("the-request-id");
    expect([...headers].join()).not.toContain(canary);
    const lines = app.log().slice(logged);
    expect(lines).toContain('"event":"request_failed"');
    expect(lines).not.toContain(canary);
  });
});

describe("the fixed answer", () => {
  beforeAll(() => failing.failWith(() => new Error(canary)));

  test("REST: a problem document", async () => {
    const { text, headers } = await create("/dialogs/create");
    expect(headers.get("content-type")).toMatch(/^application\/problem\+json/);
    expect(JSON.parse(text)).toEqual({
      type: "/docs/problems/internal",
      title: "Internal Server Error",
      status: 500,
      detail: "Something went wrong on our side.",
      code: "internal",
      request_id: "the-request-id",
    });
  });

  test("tRPC: the same facts", async () => {
    const { error } = JSON.parse((await create("/trpc/dialogs.create")).text) as { error: Record<string, unknown> };
    expect(error["message"]).toBe("Something went wrong on our side.");
    expect(error["data"]).toMatchObject({ code: "internal", httpStatus: 500, error_code: "internal" });
  });

  test("the log says where it was raised", async () => {
    const logged = app.log().length;
    await create("/dialogs/create");
    expect(app.log().slice(logged)).toMatch(/"frames":\["    at /);
  });
});

describe("a statement that the real database refuses", () => {
  let broken: GuardedApp;
  let person: Person;
  let dialog: number;

  beforeAll(async () => {
    broken = await startGuardedApp();
    person = await signInPerson(broken.url, "ann");
    dialog = (await person.call<{ dialog: number }>("POST", "/dialogs/create", { dialog_name: "abc" })).body.dialog;
    await readRows(
      broken.database,
      `create function refuse() returns trigger language plpgsql as $$
       begin raise exception 'refused: %', new.content using errcode = 'PX001', detail = new.content; end $$`,
    );
    await readRows(
      broken.database,
      "create trigger refuse before insert on messages for each row execute function refuse()",
    );
  });

  afterAll(() => broken.stop());

  const texts = [`my secret ${canary}`, `two lines\n    at ${canary}`, `'; drop table messages; -- ${canary}`];
  const sends = [
    { transport: "REST", path: () => `/dialogs/${dialog}/runs`, body: (text: string) => ({ text_user: text }) },
    {
      transport: "tRPC",
      path: () => "/trpc/runs.start",
      body: (text: string) => ({ dialog_id: dialog, text_user: text }),
    },
  ];
  const cases = sends.flatMap((send) => texts.map((text) => ({ ...send, text })));

  test.each(cases)("$transport: neither the answer nor the log has the message $text", async ({ path, body, text }) => {
    const logged = broken.log().length;
    const answer = await person.call("POST", path(), body(text));
    expect(answer.status).toBe(500);
    expect(JSON.stringify(answer.body)).not.toContain(canary);
    const lines = broken.log().slice(logged);
    expect(lines).toContain('"event":"request_failed"');
    expect(lines).not.toContain(canary);
  });

  test("the log has the database's own code", () => {
    expect(broken.log()).toContain("PX001");
  });
});
