import { environmentKeyId } from "@deepbot/db";
import { sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { describe, expect, it } from "vitest";
import { respondWith, startReceiver, verify } from "./support/receiver.ts";
import { leaseOf, useWebhooks, webhookSettings } from "./support/webhooks.ts";

describe("webhooks that hear how runs end", () => {
  const { platform, admin, make, ask, claim, logOf, logged } = useWebhooks();

  const answer = async () => {
    const asked = await ask();
    const [run] = (await claim()).runs;
    await platform().worker.worker.complete({
      run_id: run?.run_id ?? 0,
      lease_token: run?.lease_token ?? "",
      text: "the answer",
      usage: { output_tokens: 2 },
    });
    return asked;
  };

  const attempted = (error: string | null) => ({
    kind: "webhook_attempted",
    event: "run.ended",
    error,
    durationMs: expect.any(Number),
  });

  it("are told at once, without the texts", async () => {
    const receiver = await startReceiver();
    const { webhook_id, secret } = await make(receiver.url, "run.ended");
    const asked = await answer();
    expect(await logged(webhook_id, 1)).toMatchObject([{ event: "run.ended", status: 204, error: null }]);
    const [received] = receiver.received;
    const message = received && verify(secret, received);
    expect(message).toMatchObject({
      type: "run.ended",
      data: {
        run_id: asked.run_id,
        dialog_id: asked.dialog_id,
        user: platform().useCases.pseudonym({ userId: asked.ann.userId, assistantId: 1 }),
        assistant: "deepbot",
        state: "completed",
        usage: { output_tokens: 2 },
      },
    });
    expect(received?.body).not.toContain("the answer");
  });

  it("are told again after a failure, under the same id, by both secrets after a rotation", async () => {
    const receiver = await startReceiver((received, number) => respondWith(number === 0 ? 500 : 200)(received, number));
    const { webhook_id, secret: older } = await make(receiver.url, "run.ended");
    const { secret: newer } = await admin().webhooks.rotate({ webhook_id });
    await answer();
    const [failed] = await until("the first attempt has failed", async () => {
      const log = await logOf(webhook_id);
      return log[0]?.error === "status" && log;
    });
    expect(failed).toMatchObject({ attempt: 1, status: 500, ended_at: null });
    const waitMs = Date.parse(failed?.due_at ?? "") - Date.now();
    expect(waitMs).toBeGreaterThan(2_000);
    expect(waitMs).toBeLessThan(6_100);
    await platform().database.db.execute(sql`update webhook_deliveries set due_at = now() where due_at is not null`);
    expect(await logged(webhook_id, 1)).toMatchObject([{ attempt: 2, status: 200, error: null }]);
    const [first, second] = receiver.received;
    expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
    expect(platform().emitted).toContainEqual(attempted("status"));
    expect(platform().emitted).toContainEqual(attempted(null));
    for (const secret of [older, newer]) expect(second && verify(secret, second)).toBeDefined();
  });

  it("are told after their server was killed between the commit and the delivery", async () => {
    const receiver = await startReceiver();
    await make(receiver.url, "run.ended");
    const { run_id } = await ask();
    const [run] = (await claim()).runs;
    // The statement alone: nobody lives to hear the event.
    await platform().statements.completeRun({
      runId: run_id,
      leaseToken: run?.lease_token ?? "",
      keyId: environmentKeyId,
      text: "x",
      usage: null,
    });
    await until("the receiver is told", () => receiver.received.length > 0);
    expect(leaseOf(receiver.received[0] ?? { body: "" }).run_id).toBe(run_id);
  });

  it("are disabled after failures in a row, which is an event", async () => {
    const receiver = await startReceiver(respondWith(500));
    const { webhook_id } = await make(receiver.url, "run.ended");
    for (let n = 0; n < webhookSettings.maxFailures; n += 1) {
      const { run_id } = await ask();
      await platform().database.db.execute(sql`
        insert into webhook_deliveries (webhook_id, event, run_id, attempt) values (${webhook_id}, 'run.ended', ${run_id}, 7)`);
    }
    const [webhook] = await until("the webhook is disabled", async () => {
      const found = (await admin().webhooks.list({ slug: "deepbot" })).webhooks;
      return found[0]?.disabled_at !== null && found;
    });
    expect(webhook).toMatchObject({ disabled_reason: "failures", failures: 3 });
    expect(platform().emitted).toContainEqual({
      kind: "webhook_disabled",
      webhookId: webhook_id,
      assistantId: 1,
      reason: "failures",
    });
  });

  it("have a log in pages, the newest first", async () => {
    const receiver = await startReceiver();
    const { webhook_id } = await make(receiver.url, "run.ended");
    for (let n = 0; n < 3; n += 1) await answer();
    const ids = (await logged(webhook_id, 3)).map(({ delivery_id }) => delivery_id);
    const first = await admin().webhooks.deliveries({ webhook_id, limit: 2 });
    expect(first.deliveries.map(({ delivery_id }) => delivery_id)).toEqual(ids.slice(0, 2));
    const before = first.next_before ?? 0;
    const second = await admin().webhooks.deliveries({ webhook_id, limit: 2, before });
    expect(second).toMatchObject({ deliveries: [{ delivery_id: ids[2] }], next_before: null });
  });

  it("are disabled at once by 410", async () => {
    const receiver = await startReceiver(respondWith(410));
    const { webhook_id } = await make(receiver.url, "run.ended");
    await answer();
    expect(await logged(webhook_id, 1)).toMatchObject([{ status: 410, attempt: 1 }]);
    const { webhooks: found } = await admin().webhooks.list({ slug: "deepbot" });
    expect(found).toMatchObject([{ disabled_reason: "gone" }]);
  });
});
