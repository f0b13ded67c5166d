import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { signInPerson, testKeys, until } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFailingDatabase, type FailingDatabase } from "./support/failing-database.ts";
import { startGuardedApp, type GuardedApp } from "./support/guarded-app.ts";

type Line = Record<string, unknown> & { event?: string };

let failing: FailingDatabase;
let app: GuardedApp;

beforeAll(async () => {
  failing = createFailingDatabase();
  app = await startGuardedApp({ wrap: failing.wrap });
});

afterAll(() => app.stop());

const linesOf = (events: readonly string[]): Line[] =>
  app
    .log()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line)
    .filter(({ event = "" }) => events.includes(event));

const requestLines = (): Line[] => linesOf(["request", "request_refused"]);

/** The one line of the request with this id. */
async function lineOf(requestId: string): Promise<Line | undefined> {
  const lines = (): Line[] => requestLines().filter(({ request_id }) => request_id === requestId);
  await until("the request is logged", () => lines().length > 0);
  expect(lines()).toHaveLength(1);
  return lines()[0];
}

/** Sends a request and gives its line. */
async function ask(
  path: string,
  { headers = {}, ...init }: Omit<RequestInit, "headers"> & { headers?: Record<string, string> } = {},
): Promise<Line | undefined> {
  const requestId = randomUUID();
  await fetch(app.url + path, { ...init, headers: { ...headers, "x-request-id": requestId } });
  return lineOf(requestId);
}

describe("the log has one line for each request", () => {
  test("with what was called, by whom, from where, and how it ended", async () => {
    const { cookie } = await signInPerson(app.url, "ann");
    const line = await ask("/me?secret=zq", { headers: { cookie } });
    expect(line).toMatchObject({
      event: "request",
      level: 30,
      module: "http",
      method: "GET",
      operation: "auth.me",
      status: 200,
      address: "127.0.0.1",
      user_id: expect.any(Number) as number,
      session_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      ms: expect.any(Number) as number,
    });
    expect(line).not.toHaveProperty("path");
    expect(line?.["bytes"]).toBeGreaterThan(300);
    const signIn = requestLines().find(({ operation }) => operation === "auth.signIn");
    expect(signIn).toMatchObject({ status: 200, user_id: line?.["user_id"], session_id: line?.["session_id"] });
  });

  test("that names the key of a worker, not the key", async () => {
    const line = await ask("/messages", { headers: { "x-messages-key": testKeys.messages } });
    const key_id = expect.stringMatching(/^[0-9a-f]{12}$/) as string;
    expect(line).toMatchObject({ operation: "messages.pending", status: 200, key_id });
  });

  test("that counts the refused calls of a batch", async () => {
    const line = await ask("/trpc/auth.me,dialogs.list,zq.nothing?batch=1");
    expect(line).toMatchObject({ event: "request_refused", operation: "batch", status: 207, errors: 3 });
  });

  test("with the path, cut, only where there is no route", async () => {
    const line = await ask(`/zq${"x".repeat(1_000)}`);
    expect(line).toMatchObject({ operation: "none", status: 404, code: "not_found", path: `/zq${"x".repeat(197)}` });
  });

  test("also when nothing could be read of it", async () => {
    const socket = connect(app.port, "127.0.0.1");
    socket.end("no request\r\n\r\n");
    await once(socket.resume(), "close");
    const unread = (): Line[] => requestLines().filter(({ status }) => status === 400);
    await until("the refusal is logged", () => unread().length > 0);
    expect(unread()).toMatchObject([{ event: "request_refused", operation: "none", address: "127.0.0.1" }]);
  });

  test("at debug when it is a frequent one that succeeded", async () => {
    expect(await ask("/livez")).toMatchObject({ operation: "livez", level: 20 });
  });

  test("at warn, beside one with the causes, when the server failed", async () => {
    const { cookie } = await signInPerson(app.url, "ann");
    failing.failWith(() => new Error("zq"));
    const headers = { cookie, "content-type": "application/json" };
    const line = await ask("/dialogs/create", { method: "POST", headers, body: '{"dialog_name":"abc"}' });
    expect(line).toMatchObject({ event: "request_refused", level: 40, status: 500, code: "internal" });
    expect(linesOf(["request_failed"])).toMatchObject([{ level: 50, operation: "dialogs.create" }]);
  });
});
