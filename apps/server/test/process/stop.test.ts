import { timing } from "@deepbot/contract";
import { signInPerson, startServerProcess, testKeys, until, type Person, type ServerProcess } from "@deepbot/testing";
import { createProcessDatabase, type ProcessDatabase } from "@deepbot/testing/database";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { halfRequest, openConnection } from "./support/connections.ts";

let database: ProcessDatabase;
let server: ServerProcess;

beforeEach(async () => {
  database = await createProcessDatabase();
  server = await startServerProcess(database.env);
});

afterEach(async () => {
  await server.kill();
  await database.drop();
});

const limitMs = 10_000;

/** The exit code, and how long the stop took. */
async function stopWith(signal: NodeJS.Signals): Promise<{ code: number | null; ms: number }> {
  const started = performance.now();
  server.signal(signal);
  const code = await server.exited;
  return { code, ms: performance.now() - started };
}

async function newDialog(person: Person): Promise<number> {
  const { body } = await person.call<{ dialog: number }>("POST", "/dialogs/create", { dialog_name: "abc" });
  return body.dialog;
}

async function isAwaited(person: Person, dialog: number): Promise<boolean> {
  const { body } = await person.call<{ content: boolean }>("GET", `/dialogs/flag/${dialog}`);
  return body.content;
}

async function claim(waitMs: number): Promise<{ status: number; runs: unknown[] }> {
  const response = await fetch(`${server.url}/worker/claim`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-messages-key": testKeys.messages },
    body: JSON.stringify({ worker: "w", wait_ms: waitMs }),
  });
  return { status: response.status, runs: ((await response.json()) as { runs: unknown[] }).runs };
}

const isStopping = (): Promise<boolean> => until("the stop has begun", () => server.output().includes("Stopping"));

describe("a stop", () => {
  test.for(["SIGTERM", "SIGINT"] as const)(
    "%s: an idle server ends with 0, though a connection is kept alive",
    async (signal) => {
      const idle = await openConnection(server.port, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await until("it is answered", () => idle.received().includes("ok"));
      const { code, ms } = await stopWith(signal);
      expect(code).toBe(0);
      expect(ms).toBeLessThan(limitMs);
      expect(server.output()).toContain("Stopped");
      await idle.closed;
    },
  );

  test("waits end: the person gets 503, the worker an empty list, and the question is kept", async () => {
    const ann = await signInPerson(server.url, "ann");
    const [rest, trpc] = [await newDialog(ann), await newDialog(ann)];
    const send = (path: string, dialog: number): Promise<Response> =>
      fetch(server.url + path, {
        method: "POST",
        headers: { cookie: ann.cookie, "content-type": "application/json" },
        body: JSON.stringify({ dialog_id: dialog, text_user: "hello" }),
      });
    const waitingRest = send("/send/message/ai", rest);
    const waitingTrpc = send("/trpc/messages.send", trpc);
    await until("both questions are stored", async () => (await isAwaited(ann, rest)) && (await isAwaited(ann, trpc)));
    expect((await claim(0)).runs).toHaveLength(1);
    expect((await claim(0)).runs).toHaveLength(1);
    const polling = claim(25_000);
    await isAwaited(ann, rest);

    const stopped = stopWith("SIGTERM");

    const reply = await waitingRest;
    expect(reply.status).toBe(503);
    expect(reply.headers.get("retry-after")).toBe(String(timing.retryAfterSeconds));
    expect(await reply.json()).toMatchObject({ code: "shutting_down", run_id: expect.any(Number) });
    expect((await waitingTrpc).status).toBe(503);
    expect(await polling).toEqual({ status: 200, runs: [] });
    const { code, ms } = await stopped;
    expect(code).toBe(0);
    expect(ms).toBeLessThan(limitMs);

    server = await startServerProcess(database.env);
    const after = await signInPerson(server.url, "ann");
    expect(await isAwaited(after, rest)).toBe(true);
    const { body } = await after.call<{ dialogs: unknown[] }>("GET", `/dialogs/${rest}`);
    expect(body.dialogs).toMatchObject([{ role: "user", content: "hello" }]);
  });
});

describe("connections that would keep it alive", () => {
  test("requests whose rest never comes, and connections that say nothing, are cut", async () => {
    const ann = await signInPerson(server.url, "ann");
    const begun = [halfRequest.begin(ann.cookie), "", "GET /li", "POST /dialogs HTTP/1.1\r\nHost: localhost\r\n"];
    const open = await Promise.all(begun.map((text) => openConnection(server.port, text)));
    await ann.call("GET", "/me");
    const { code, ms } = await stopWith("SIGTERM");
    expect(code).toBe(0);
    expect(ms).toBeLessThan(limitMs);
    await Promise.all(open.map((connection) => connection.closed));
  });

  test("a connection that has sent nothing is not waited for as long as a request", async () => {
    const silent = await openConnection(server.port, "");
    await signInPerson(server.url, "ann");
    const { code, ms } = await stopWith("SIGTERM");
    expect(code).toBe(0);
    expect(ms).toBeLessThan(3_000);
    await silent.closed;
  });

  test("streams of events end, and their runs go on", async () => {
    const ann = await signInPerson(server.url, "ann");
    const dialog = await newDialog(ann);
    const { body } = await ann.call<{ run_id: number }>("POST", `/dialogs/${dialog}/runs`, { text_user: "hello" });
    const target = `GET /runs/${body.run_id}/events HTTP/1.1\r\nHost: localhost\r\nCookie: ${ann.cookie}\r\n\r\n`;
    const stream = await openConnection(server.port, target);
    await until("it streams", () => stream.received().includes("event: snapshot"));
    const { code, ms } = await stopWith("SIGTERM");
    expect(code).toBe(0);
    expect(ms).toBeLessThan(limitMs);
    await stream.closed;
    expect(stream.received()).not.toContain("event: end");
  });
});

describe("while it stops", () => {
  test("a request half sent is waited for and answered, and nothing else holds the stop up then", async () => {
    const ann = await signInPerson(server.url, "ann");
    const half = await openConnection(server.port, halfRequest.begin(ann.cookie));
    await ann.call("GET", "/me");
    const stopped = stopWith("SIGTERM");
    await isStopping();
    half.write(halfRequest.rest);
    await until("it is answered", () => half.received().includes('"dialog":'));
    expect(half.received()).toMatch(/^HTTP\/1\.1 200 /);
    const { code, ms } = await stopped;
    expect(code).toBe(0);
    expect(ms).toBeLessThan(3_000);
  });

  test("it says that it is not ready, or takes no more connections", async () => {
    const ann = await signInPerson(server.url, "ann");
    const half = await openConnection(server.port, halfRequest.begin(ann.cookie));
    await ann.call("GET", "/me");
    const stopped = stopWith("SIGTERM");
    await isStopping();
    const isOut = async (): Promise<boolean> =>
      fetch(`${server.url}/readyz`).then(
        (response) => response.status === 503,
        () => true,
      );
    await until("nobody is sent here any more", isOut, 2_000);
    half.destroy();
    expect((await stopped).code).toBe(0);
  });

  test("a second signal ends it at once", async () => {
    const ann = await signInPerson(server.url, "ann");
    const half = await openConnection(server.port, halfRequest.begin(ann.cookie));
    await ann.call("GET", "/me");
    server.signal("SIGINT");
    await isStopping();
    const { code, ms } = await stopWith("SIGINT");
    expect(code).toBe(1);
    expect(ms).toBeLessThan(2_000);
    await half.closed;
  });
});

describe("an uncaught error", () => {
  const plant = (code: string): string =>
    `--import=data:text/javascript,${encodeURIComponent(`process.on("SIGUSR2", () => { ${code} });`)}`;

  test.each([
    ["a rejection", 'void Promise.reject(new Error("zq-secret"))'],
    ["an exception", 'setImmediate(() => { throw new Error("zq-secret"); })'],
  ])(
    "%s: requests under way are answered, then the process ends with 1, and the log names no text",
    async (_, code) => {
      await server.kill();
      server = await startServerProcess({ ...database.env, NODE_OPTIONS: plant(code) });
      const person = await signInPerson(server.url, "ann");
      const dialog = await newDialog(person);
      const asking = person.call<{ code: string }>("POST", "/send/message/ai", {
        dialog_id: dialog,
        text_user: "hello",
      });
      await until("the question is stored", () => isAwaited(person, dialog));
      server.signal("SIGUSR2");
      expect(await server.exited).toBe(1);
      const { status, body } = await asking;
      expect([status, body.code]).toEqual([503, "shutting_down"]);
      expect(server.output()).toContain("An uncaught error");
      expect(server.output()).not.toContain("zq-secret");
    },
  );
});
