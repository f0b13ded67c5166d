import { createHash } from "node:crypto";
import { signInPerson, testKeys, until, type Person } from "@deepbot/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRows, startGuardedApp, type GuardedApp } from "./support/guarded-app.ts";

type Row = Record<string, unknown>;

let app: GuardedApp;

beforeAll(async () => {
  app = await startGuardedApp();
});

afterAll(() => app.stop());

const keyId = createHash("sha256").update(testKeys.messages).digest("hex").slice(0, 12);

/** The rows of one kind, once there are as many. */
async function rowsOf(kind: string, count: number): Promise<Row[]> {
  const read = (): Promise<Row[]> =>
    readRows(app.database, `select * from audit_events where kind = '${kind}' order by event_id`);
  await until(`there are ${count} rows of ${kind}`, async () => (await read()).length >= count);
  return read();
}

async function idsOf(person: Person): Promise<{ user_id: unknown; session_id: unknown }> {
  const { body } = await person.call<{ content: [{ id: number }] }>("GET", "/me");
  const { id } = body.content[0];
  const [session] = await readRows(app.database, `select session_id from sessions where user_id = ${id}`);
  return { user_id: expect.toSatisfy((value) => Number(value) === id), session_id: session?.["session_id"] };
}

test("sign-ins, exports, deletions and ends of sessions are kept with user, session and address", async () => {
  const ann = await signInPerson(app.url, "ann");
  const ids = await idsOf(ann);
  const { body } = await ann.call<{ content: [{ id: number }] }>("GET", "/me");
  await ann.call("GET", "/me/export");
  await ann.call("DELETE", `/me?user_id=${body.content[0].id}`);
  const expected = { ...ids, address: "127.0.0.1", key_id: null };
  expect(await rowsOf("signed_in", 1)).toMatchObject([expected]);
  expect(await rowsOf("account_exported", 1)).toMatchObject([expected]);
  expect(await rowsOf("account_deleted", 1)).toMatchObject([expected]);
  expect(await rowsOf("sessions_ended", 1)).toMatchObject([
    { ...expected, facts: { reason: "account_deleted", count: 1 } },
  ]);
});

test("the first use of a key is kept by the key's id, and a refused key too", async () => {
  const ask = (key: string): Promise<Response> => fetch(`${app.url}/messages`, { headers: { "x-messages-key": key } });
  await ask(testKeys.messages);
  await ask(testKeys.messages);
  await ask(`${testKeys.messages}-old`);
  await ask("short");
  expect(await rowsOf("access_refused", 2)).toMatchObject([
    { key_id: expect.stringMatching(/^[0-9a-f]{12}$/) as string, facts: { reason: "wrong" }, address: "127.0.0.1" },
    { key_id: null, facts: { credential: "X-Messages-Key", reason: "wrong" } },
  ]);
  expect(await rowsOf("key_used", 1)).toMatchObject([{ key_id: keyId, facts: { credential: "X-Messages-Key" } }]);
});
