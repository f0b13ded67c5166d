import { openDatabase, type Database } from "@deepbot/db";
import { createTestPostgres, describePostgres, type TestPostgres } from "@deepbot/db/testing";
import { testKeys, until } from "@deepbot/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bootApp, connectApi, runSql, useApi, type Api, type RunningApp } from "../support/api.ts";
import { createDialog } from "../support/dialogs.ts";
import type { Reply } from "../support/http.ts";
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
      expect([status, body]).toMatchObject([503, { error: { data: { code: "database_overloaded" } } }]);
      expect((await api.request("GET /readyz")).status).toBe(200);
      expect((await api.request("GET /health", { headers: { "X-Health-Key": testKeys.health } })).status).toBe(200);
      void Promise.all(waiting);
    });
    await until("it serves again", async () => (await list()).status === 200);
  });
});

describePostgres("a batch of ten calls", () => {
  const api = useApi({}, "postgres");

  it("has two connections to the database at most, and every call is answered", async () => {
    const person = await api.signIn();
    const dialogId = await createDialog(person);
    const target = `GET /trpc/${Array.from({ length: 10 }, () => "dialogs.list").join(",")}?batch=1` as const;
    const blocked =
      "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%dialog_name%'";
    let batch: Promise<Reply> | undefined;
    await api.database.db.transaction(async (tx) => {
      await tx.execute("lock table dialogs in access exclusive mode");
      batch = api.request(target, { headers: { Cookie: person.cookie } });
      const countBlocked = async () => Number((await runSql(api.database, blocked))[0]?.["count"]);
      await until("two calls wait", async () => (await countBlocked()) === 2);
      expect((await person.call("GET /me")).status).toBe(200);
      expect(await countBlocked()).toBe(2);
    });
    const answer = {
      result: { data: { server: "ok", dialogs: [{ dialog_id: dialogId, dialog_name: "test dialog" }] } },
    };
    expect((await batch)?.body).toEqual(Array.from({ length: 10 }, () => answer));
  });
});
