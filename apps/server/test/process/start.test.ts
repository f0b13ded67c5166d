import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { openDatabase, type Database } from "@deepbot/db";
import { createTestPostgres, describePostgres, type TestPostgres } from "@deepbot/db/testing";
import { freePort, signInPerson, startServerProcess, testKeys, until, type ServerProcess } from "@deepbot/testing";
import { createEmbeddedDatabase, createProcessDatabase, type ProcessDatabase } from "@deepbot/testing/database";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failToStart, productionEnv } from "./support/environment.ts";

describe("a start that cannot succeed ends with a sentence and code 1", () => {
  test("names every problem of a configuration, without values of secrets or a stack", async () => {
    const { code, output } = await failToStart({
      SECRET_KEY_JWT: "zq-short-zq",
      API_KEY_AI: "zq-dev-change-me",
      PORT: "x",
    });
    expect(code).toBe(1);
    for (const name of ["SECRET_KEY_JWT", "API_KEY_AI", "HEALTH_SECRET_KEY", "PORT", "GOOGLE_CLIENT_ID"])
      expect(output).toContain(name);
    expect(output).not.toContain("zq-");
    expect(output).not.toMatch(/^\s+at /m);
  });

  test("a database that is away", async () => {
    const port = await freePort();
    const url = `postgres://bot:zq-password@127.0.0.1:${port}/chat`;
    const { code, output } = await failToStart({ DEEPBOT_DEV: "true", DATABASE_URL: url });
    expect(code).toBe(1);
    expect(output).toMatch(/database does not answer/i);
    expect(output).not.toContain("zq-password");
    expect(output).not.toMatch(/^\s+at /m);
  });

  test("a database server that accepts and says nothing", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as { port: number };
    const url = `postgres://bot:zq-password@127.0.0.1:${port}/chat`;
    const { code, output } = await failToStart({ DEEPBOT_DEV: "true", DATABASE_URL: url });
    silent.close();
    expect(code).toBe(1);
    expect(output).toMatch(/database does not answer/i);
    expect(output).not.toContain("zq-password");
  });
});

describePostgres("on PostgreSQL, a start that cannot succeed", () => {
  let database: ProcessDatabase;

  beforeAll(async () => {
    database = await createProcessDatabase();
  });

  afterAll(() => database.drop());

  test("a port that is taken is named", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const { code, output } = await failToStart({ DEEPBOT_DEV: "true", ...database.env, PORT: String(port) });
    other.close();
    expect(code).toBe(1);
    expect(output).toContain(String(port));
    expect(output).toContain("PORT");
    expect(output).not.toMatch(/^\s+at /m);
  });

  test("a database that does not exist is told in a sentence", async () => {
    const url = new URL(database.env["DATABASE_URL"] ?? "");
    url.pathname = "/deepbot_no_such_database";
    url.password = "zq-password";
    const { code, output } = await failToStart({ DEEPBOT_DEV: "true", DATABASE_URL: url.href });
    expect(code).toBe(1);
    expect(output).not.toContain("zq-password");
    expect(output).toMatch(/database/i);
    expect(output).not.toMatch(/^\s+at /m);
  });
});

describePostgres("on PostgreSQL, a start names the cause", () => {
  let database: TestPostgres;
  let admin: Database;

  beforeAll(async () => {
    database = await createTestPostgres();
    admin = await openDatabase({ engine: "postgres", url: database.url, maxConnections: 1 });
  });

  afterAll(async () => {
    await admin.close();
    await database.drop();
  });

  const name = (): string => new URL(database.url).pathname.slice(1);

  const outputOf = async (change: (url: URL) => void = () => {}): Promise<string> => {
    const url = new URL(database.url);
    change(url);
    const { code, output } = await failToStart({ DEEPBOT_DEV: "true", DATABASE_URL: url.href });
    expect(code).toBe(1);
    expect(output).not.toMatch(/^\s+at /m);
    return output;
  };

  test("when no connection is left", async () => {
    const role = `deepbot_test_${randomUUID().replaceAll("-", "")}`;
    await admin.db.execute(`create role ${role} login connection limit 0`);
    const output = await outputOf((url) => {
      url.username = role;
    });
    await admin.db.execute(`drop role ${role}`);
    expect(output).toMatch(/no connection left for us \(53300\)/);
  });

  test("when the database takes no writes", async () => {
    await admin.db.execute(`alter database ${name()} set default_transaction_read_only = on`);
    const output = await outputOf();
    await admin.db.execute(`set default_transaction_read_only = off`);
    await admin.db.execute(`alter database ${name()} reset default_transaction_read_only`);
    expect(output).toMatch(/read-only \(25006\)/);
  });

  test("when the database knows no TLS", async () => {
    const output = await outputOf((url) => url.searchParams.set("sslmode", "require"));
    expect(output).toMatch(/asked for TLS/);
  });
});

describePostgres("the database by the original's five names", () => {
  let database: ProcessDatabase;
  let five: Record<string, string>;

  beforeAll(async () => {
    database = await createProcessDatabase();
    const url = new URL(database.env["DATABASE_URL"] ?? "");
    five = {
      DATABASE_HOST: url.hostname,
      DATABASE_PORT: url.port || "5432",
      DATABASE_NAME: url.pathname.slice(1),
      DATABASE_USER: decodeURIComponent(url.username),
      ...(url.password === "" ? {} : { DATABASE_PASSWORD: decodeURIComponent(url.password) }),
    };
  });

  afterAll(() => database.drop());

  test("they are enough", async () => {
    const server = await startServerProcess(five);
    expect((await fetch(`${server.url}/health`, { headers: { "x-health-key": testKeys.health } })).status).toBe(200);
    expect(await server.stop()).toBe(0);
  });

  test("DATABASE_URL wins over them", async () => {
    const server = await startServerProcess({ ...five, DATABASE_NAME: "deepbot_no_such_database", ...database.env });
    expect((await fetch(`${server.url}/health`, { headers: { "x-health-key": testKeys.health } })).status).toBe(200);
    expect(await server.stop()).toBe(0);
  });
});

const linesOf = (output: string): string[] => output.split("\n").filter((line) => line !== "");

describe("in production", () => {
  let database: ProcessDatabase;
  let server: ServerProcess;

  beforeAll(async () => {
    database = await createEmbeddedDatabase();
    server = await startServerProcess({ ...productionEnv, EMBEDDED_IN_PRODUCTION: "true", ...database.env });
  });

  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  test.each(["GET", "POST", "OPTIONS"])("%s /dev/google-token is not there", async (method) => {
    const body = method === "POST" ? { body: '{"sub":"ann","email":"ann@example.com"}' } : {};
    const response = await fetch(`${server.url}/dev/google-token`, {
      method,
      headers: { "content-type": "application/json" },
      ...body,
    });
    expect(response.status).toBe(404);
  });

  test("keys of development are no keys", async () => {
    expect((await fetch(`${server.url}/messages`, { headers: { "x-messages-key": "dev-messages-key" } })).status).toBe(
      403,
    );
    expect((await fetch(`${server.url}/health`, { headers: { "x-health-key": "dev-health-key" } })).status).toBe(403);
  });

  test("every line that is printed is JSON with its time, level and message", async () => {
    await fetch(`${server.url}/me`, { headers: { "x-request-id": "in-production" } });
    await until("the request is logged", () => /in-production.*\n/.test(server.output()));
    const lines = linesOf(server.output()).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines)
      expect(line).toMatchObject({ time: expect.any(Number), level: expect.any(Number), msg: expect.any(String) });
    expect(lines).toContainEqual(expect.objectContaining({ event: "listening", port: server.port }));
    expect(lines).toContainEqual(expect.objectContaining({ request_id: "in-production", status: 401 }));
  });

  test("a sign-in that cannot be checked is refused, not waited for", async () => {
    const response = await fetch(`${server.url}/create/users`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"token":"a.b.c"}',
    });
    // Refused without a look at Google's certificates, which may be out of reach here.
    expect(response.status).toBe(401);
  });
});

describe("in development", () => {
  test("a person is told where to go, and each line is time - LEVEL - module - message", async () => {
    const database = await createProcessDatabase();
    const server = await startServerProcess(database.env);
    await signInPerson(server.url, "ann");
    await fetch(`${server.url}/me`);
    await server.stop();
    await database.drop();
    const output = server.output();
    expect(output).toContain(`http://localhost:${server.port}/docs`);
    const banner = output.lastIndexOf("takes it and sets the cookie");
    const lines = linesOf(output.slice(output.indexOf("\n", banner)));
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines)
      expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d - (DEBUG|INFO|WARN|ERROR) - [a-z]+ - \S/);
  });
});
