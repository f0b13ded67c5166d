import { describe, expect, it } from "vitest";
import { bootApp, runSql, useApi, type Person } from "../support/api.ts";
import { createDialog, startRun } from "../support/dialogs.ts";
import { clientId } from "../support/google.ts";
import { request } from "../support/http.ts";
import { expectProblem, issuePlaces } from "../support/problem.ts";

interface Session {
  session_id: string;
  user_agent: string | null;
  current: boolean;
}

const expiredCookie = /^access_token=; Max-Age=0; /;

describe("an account", () => {
  const api = useApi();
  const listSessions = async (person: Person): Promise<Session[]> =>
    (await person.call<{ sessions: Session[] }>("GET /sessions")).body.sessions;
  const statusOf = async ({ cookie }: Person): Promise<number> =>
    (await api.call("GET /me", { headers: { Cookie: cookie } })).status;

  describe("GET /sessions and DELETE /sessions/{session_id}", () => {
    it("show where a person is signed in, and sign a device out", async () => {
      const here = await api.signIn({ sub: "devices" });
      const there = await api.signIn({ sub: "devices" });
      const sessions = await listSessions(here);
      expect(sessions.map(({ current }) => current)).toEqual([false, true]);
      const other = sessions.find(({ current }) => !current)?.session_id ?? "";
      const { status, body, headers } = await here.call(`DELETE /sessions/${other}`);
      expect([status, body, headers["set-cookie"]]).toEqual([200, { session_id: other }, undefined]);
      expect([await statusOf(here), await statusOf(there)]).toEqual([200, 401]);
      expect(expectProblem(await here.call(`DELETE /sessions/${other}`), 404).code).toBe("session_not_found");
    });

    it("expire the cookie with its own session", async () => {
      const person = await api.signIn();
      const [own] = await listSessions(person);
      const { headers } = await person.call(`DELETE /sessions/${own?.session_id ?? ""}`);
      expect(headers["set-cookie"]).toEqual([expect.stringMatching(expiredCookie)]);
      expect(await statusOf(person)).toBe(401);
    });

    it("refuse what is no id", async () => {
      const person = await api.signIn();
      expect(issuePlaces(await person.call("DELETE /sessions/1"))).toEqual(["path.session_id"]);
    });
  });

  describe("POST /logout/everywhere", () => {
    it("ends all sessions of the person, on any server, and nobody else's", async () => {
      const devices = [1, 2, 3].map(() => api.signIn({ sub: "everywhere" }));
      const [here, ...others] = await Promise.all(devices);
      const bob = await api.signIn();
      const second = await bootApp(api.database);
      const reply = await here?.call("POST /logout/everywhere");
      expect([reply?.status, reply?.body]).toEqual([200, { ended: 3 }]);
      expect(reply?.headers["set-cookie"]).toEqual([expect.stringMatching(expiredCookie)]);
      for (const { cookie } of [here, ...others].flatMap((device) => device ?? [])) {
        for (const url of [api.url, second.url]) {
          expect((await request(url, "GET /me", { headers: { Cookie: cookie } })).status).toBe(401);
        }
      }
      expect(await statusOf(bob)).toBe(200);
      await second.stop();
    });
  });

  describe("GET /me/export", () => {
    it("is a file to be saved, of JSON", async () => {
      const person = await api.signIn({ given_name: "Анна" });
      await startRun(person, await createDialog(person), "a question");
      const { status, headers, body } = await person.call("GET /me/export");
      expect([status, headers["content-disposition"]]).toEqual([200, 'attachment; filename="deepbot-export.json"']);
      expect(headers["cache-control"]).toBe("no-store");
      expect(body).toMatchObject({
        profile: { id: person.userId, given_name: "Анна" },
        sessions: [{ ended_at: null }],
        dialogs: [{ messages: [{ role: "user", content: "a question" }], runs: [{ state: "queued" }] }],
      });
    });

    it("is no file when it is refused", async () => {
      const { status, headers } = await api.call("GET /me/export");
      expect([status, headers["content-disposition"]]).toEqual([401, undefined]);
    });
  });

  describe("DELETE /me", () => {
    it("erases the account, expires the cookie and has the browser forget what it keeps", async () => {
      const person = await api.signIn({ sub: "leaver" });
      await startRun(person, await createDialog(person));
      const { status, body, headers } = await person.call(`DELETE /me?user_id=${person.userId}`);
      expect([status, body]).toEqual([200, { user_id: person.userId }]);
      expect(headers["set-cookie"]).toEqual([expect.stringMatching(expiredCookie)]);
      expect(headers["clear-site-data"]).toContain("storage");
      expect(await statusOf(person)).toBe(401);
      expect(await runSql(api.database, `select user_id from users where user_id = ${person.userId}`)).toEqual([]);
      expect((await api.signIn({ sub: "leaver" })).userId).not.toBe(person.userId);
    });

    it("erases nothing when it does not say whose, or names another's", async () => {
      const person = await api.signIn();
      const other = await api.signIn();
      expect(issuePlaces(await person.call("DELETE /me"))).toEqual(["query.user_id"]);
      expect(issuePlaces(await person.call("DELETE /me?user_id=me"))).toEqual(["query.user_id"]);
      const body = JSON.stringify({ user_id: person.userId });
      const headers = { "Content-Type": "application/json", "Content-Length": String(body.length) };
      expect(issuePlaces(await person.call("DELETE /me", { body, headers }))).toEqual(["query.user_id"]);
      for (const id of [other.userId, 1, 987_654]) {
        expect(expectProblem(await person.call(`DELETE /me?user_id=${id}`), 404).code).toBe("account_not_found");
      }
      expect([await statusOf(person), await statusOf(other)]).toEqual([200, 200]);
    });

    it("is refused to pages of other sites", async () => {
      const person = await api.signIn();
      const headers = { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" };
      const reply = await person.call(`DELETE /me?user_id=${person.userId}`, { headers });
      expect(expectProblem(reply, 403).code).toBe("origin_refused");
      expect(await statusOf(person)).toBe(200);
    });
  });

  describe("GET /config", () => {
    it("tells anybody how to sign in", async () => {
      expect((await api.call("GET /config")).body).toMatchObject({ sign_in: "development", google_client_id: null });
      const second = await bootApp(api.database, { DIALOGS_PER_USER: "7" }, { clientId });
      expect((await request(second.url, "GET /config")).body).toMatchObject({
        sign_in: "google",
        google_client_id: clientId,
        dialogs_per_user: 7,
      });
      await second.stop();
    });
  });
});
