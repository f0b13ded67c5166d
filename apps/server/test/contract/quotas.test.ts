import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bootApp, useApi, type Person, type RunningApp } from "../support/api.ts";
import { createDialog, startRun } from "../support/dialogs.ts";
import { request } from "../support/http.ts";
import { expectProblem } from "../support/problem.ts";

const settings = { QUESTIONS_PER_DAY: "5", DIALOGS_PER_USER: "100" };

interface BatchItem {
  error?: { data: { code: string; quota?: string } };
  result?: unknown;
}

describe("the quota of questions", () => {
  const api = useApi(settings);
  const others: RunningApp[] = [];
  beforeAll(async () => {
    others.push(await bootApp(api.database, settings), await bootApp(api.database, settings));
  });
  afterAll(async () => {
    for (const { stop } of others) await stop();
  });

  const usedBy = async (person: Person) =>
    (await person.call<{ questions: { used: number; limit: number } }>("GET /me/usage")).body.questions;

  it("answers 429 with the quota, its limit and the time of the next, for the original send too", async () => {
    const person = await api.signIn();
    for (let n = 0; n < 5; n += 1) await startRun(person, await createDialog(person, `dialog ${n}`));
    const dialog_id = await createDialog(person);
    for (const target of [`POST /dialogs/${dialog_id}/runs`, "POST /send/message/ai"] as const) {
      const id = target === "POST /send/message/ai" ? { dialog_id } : {};
      const reply = await person.call<{ resets_at: string }>(target, { json: { ...id, text_user: "one more" } });
      expect(expectProblem(reply, 429)).toMatchObject({ code: "quota_exceeded", quota: "questions", limit: 5 });
      const seconds = Number(reply.headers["retry-after"]);
      const untilReset = (Date.parse(reply.body.resets_at) - Date.now()) / 1000;
      expect(Math.abs(seconds - untilReset)).toBeLessThan(60);
    }
  });

  it("admits that many in parallel on three servers, over both transports and in batches, and no more", async () => {
    const person = await api.signIn();
    const dialogs: number[] = [];
    for (let n = 0; n < 12; n += 1) dialogs.push(await createDialog(person, `dialog ${n}`));
    const headers = { Cookie: person.cookie };
    const urls = [api.url, ...others.map(({ url }) => url)];
    const byRest = dialogs.slice(0, 6).map(async (id, index) => {
      const slash = index % 2 === 0 ? "" : "/";
      const json = { text_user: "question" };
      const target = `POST /dialogs/${id}/runs${slash}` as const;
      const { status, body } = await request<{ code?: string }>(urls[index % 3] ?? "", target, { headers, json });
      return status === 202 ? "admitted" : body.code;
    });
    const byBatch = [0, 1, 2].map(async (index) => {
      const ids = dialogs.slice(6 + 2 * index, 8 + 2 * index);
      const json = Object.fromEntries(ids.map((id, place) => [place, { dialog_id: id, text_user: "question" }]));
      const target = "POST /trpc/runs.start,runs.start?batch=1" as const;
      const { body } = await request<BatchItem[]>(urls[index] ?? "", target, { headers, json });
      return body.map(({ error }) => (error === undefined ? "admitted" : error.data.code));
    });
    const outcomes = [...(await Promise.all(byRest)), ...(await Promise.all(byBatch)).flat()];
    expect(outcomes.toSorted((a = "", b = "") => a.localeCompare(b))).toEqual([
      ...Array.from({ length: 5 }, () => "admitted"),
      ...Array.from({ length: 7 }, () => "quota_exceeded"),
    ]);
    expect(await usedBy(person)).toEqual({ used: 5, limit: 5 });
  });
});
