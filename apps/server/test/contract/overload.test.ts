import { openDatabase, type Database } from "@deepbot/db";
import { createTestPostgres, describePostgres, type TestPostgres } from "@deepbot/db/testing";
import { testKeys, until } from "@deepbot/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bootApp, connectApi, type Api, type RunningApp } from "../support/api.ts";
import { expectRefusal, languages } from "../support/problem.ts";

describePostgres("a server whose connections to the database are all in use", () => {
  let server: TestPostgres;
  let database: Database;
  let outside: Database;
  let app: RunningApp;
  let api: Api;

  beforeAll(async () => {
    server = await createTestPostgres();
    database = await openDatabase({ engine: "postgres", url: server.url, maxConnections: 1 });
    outside = await openDatabase({ engine: "postgres", url: server.url, maxConnections: 1 });
    app = await bootApp(database);
    api = connectApi(() => ({ url: app.url, database }));
  });
  afterAll(async () => {
    await app.stop();
    await database.close();
    await outside.close();
    await server.drop();
  });

  it("refuses early, with Retry-After, says that it is ready, and serves again", async () => {
    const person = await api.signIn();
    const list = () => person.call("POST /dialogs");
    await outside.db.transaction(async (tx) => {
      await tx.execute("lock table dialogs in access exclusive mode");
      // The loops of the server may wait in the same line.
      const waiting = Array.from({ length: 51 }, list);
      await until("the line is full", () => database.pool.waiting >= 50);
      for (const language of languages) {
        const refused = await person.call("POST /dialogs", { headers: { "Accept-Language": language } });
        expect(expectRefusal(refused, { status: 503, language }).code).toBe("database_overloaded");
        expect(refused.headers["retry-after"]).toBe("2");
      }
      const { status, body } = await api.request("GET /trpc/dialogs.list", { headers: { Cookie: person.cookie } });
      expect([status, body]).toMatchObject([503, { error: { data: { error_code: "database_overloaded" } } }]);
      expect((await api.request("GET /readyz")).status).toBe(200);
      expect((await api.request("GET /health", { headers: { "X-Health-Key": testKeys.health } })).status).toBe(200);
      void Promise.all(waiting);
    });
    await until("it serves again", async () => (await list()).status === 200);
  });
});
