import { expect, it } from "vitest";
import { runSql, useApi } from "../support/api.ts";

const api = useApi();

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

it("an operator makes an assistant, a person asks it, and a worker that claims by its slug gets the run", async () => {
  const operator = await api.signIn({ email: "operator@example.com" });
  const json = { slug: "poet", name: "Poet", instructions: "Rhyme." };
  const made = await operator.call<{ created_at: string }>("POST /operator/assistants", { json });
  expect([made.status, made.body]).toMatchObject([
    201,
    { ...json, accepts: ["text"], online: false, disabled_at: null },
  ]);
  const ann = await api.signIn();
  expect((await ann.call("GET /assistants")).body).toMatchObject({
    assistants: [{ slug: "deepbot" }, { slug: "poet", name: "Poet" }],
  });
  const created = await ann.call<{ dialog: number }>("POST /dialogs/create", {
    json: { dialog_name: "verses", assistant: "poet" },
  });
  expect(created.body).toEqual({ server: "ok", dialog: expect.any(Number) });
  const question = { text_user: "one line, please" };
  const headers = { traceparent, "Accept-Language": "ru" };
  const asked = { json: question, headers };
  expect((await ann.call(`POST /dialogs/${created.body.dialog}/runs`, asked)).status).toBe(202);
  const claim = (assistants?: string[]) =>
    api.asWorker("POST /worker/claim", { json: { worker: "w", wait_ms: 0, assistants } });
  expect((await claim(["deepbot"])).body).toEqual({ runs: [] });
  expect((await claim(["nobody"])).body).toMatchObject({
    status: 403,
    code: "assistant_refused",
    assistant: "nobody",
    detail: "This key does not reach the assistant nobody.",
  });
  const { body } = await claim(["poet"]);
  expect(body).toMatchObject({
    runs: [
      {
        user_id: ann.userId,
        user: expect.stringMatching(/^[\w-]{22}$/),
        assistant: { slug: "poet", instructions: "Rhyme." },
        locale: "ru",
        traceparent,
      },
    ],
  });
});

it("a trace context that is none is left out", async () => {
  const ann = await api.signIn();
  for (const header of ["nonsense", traceparent.replace("0af7651916cd43dd8448eb211c80319c", "0".repeat(32))]) {
    const { body } = await ann.call<{ dialog: number }>("POST /dialogs/create", { json: { dialog_name: "talk" } });
    const headers = { traceparent: header };
    await ann.call(`POST /dialogs/${body.dialog}/runs`, { json: { text_user: "why?" }, headers });
    const claimed = await api.asWorker<{ runs: object[] }>("POST /worker/claim", { json: { worker: "w" } });
    expect(claimed.body.runs).toHaveLength(1);
    expect(claimed.body.runs[0]).not.toHaveProperty("traceparent");
  }
});

it("a renamed or disabled assistant is one request, and the audit log has both", async () => {
  const operator = await api.signIn({ email: "operator@example.com" });
  await operator.call("POST /operator/assistants", { json: { slug: "guide", name: "Guide" } });
  const renamed = await operator.call("PATCH /operator/assistants/guide", { json: { new_slug: "leader" } });
  expect(renamed.body).toMatchObject({ slug: "leader", name: "Guide" });
  expect((await operator.call("DELETE /operator/assistants/leader")).body).toMatchObject({
    disabled_at: expect.any(String),
  });
  expect((await operator.call("DELETE /operator/assistants/deepbot")).body).toMatchObject({
    status: 409,
    code: "assistant_fixed",
  });
  await expect
    .poll(() =>
      runSql(
        api.database,
        "select facts from audit_events where kind = 'assistant_changed' and facts ->> 'slug' = 'leader' order by event_id",
      ),
    )
    .toMatchObject([
      { facts: { change: "updated", before: { slug: "guide" }, after: { slug: "leader" } } },
      { facts: { change: "disabled" } },
    ]);
});
