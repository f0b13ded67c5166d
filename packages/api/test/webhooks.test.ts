import { environmentKeyId } from "@deepbot/db";
import { mainEngine, sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { defaultSettings } from "../src/settings.ts";
import { createPlatform, type Platform, type TestPerson } from "./support/platform.ts";
import { respondWith, startReceiver, verify, type Received, type Respond } from "./support/receiver.ts";
import { refusalOf } from "./support/refusal.ts";

const webhooks = {
  ...defaultSettings.webhooks,
  allowHttp: true,
  allowPrivate: true,
  timeoutMs: 1_500,
  perAssistant: 3,
};
const settings = { adminEmails: ["root@example.com"], webhooks: { ...webhooks, maxFailures: 3 }, retryBackoffMs: 0 };

type Event = "run.queued" | "run.ended";

describe("webhooks", () => {
  let platform: Platform;
  let admin: TestPerson;
  beforeAll(async () => {
    const intervals = { poll: Infinity, sessionPoll: Infinity, sendDeliveries: 50, reap: 50 };
    platform = await createPlatform(mainEngine(), settings, { intervals });
    admin = await platform.person("root");
  });
  afterAll(() => platform.close());
  afterEach(async () => {
    const { webhooks: all } = await admin.webhooks.list({ slug: "deepbot" });
    for (const { webhook_id } of all) await admin.webhooks.remove({ webhook_id });
    await platform.database.db.execute(sql`delete from dialogs`);
  });

  const make = (url: string, ...events: Event[]) => admin.webhooks.create({ slug: "deepbot", url, events });
  const ask = async (text_user = "a question") => {
    const ann = await platform.person();
    const { dialog } = await ann.dialogs.create({ dialog_name: "talk" });
    return { ann, ...(await ann.runs.start({ dialog_id: dialog, text_user })) };
  };
  const claim = () => platform.worker.worker.claim({ worker: "w", wait_ms: 10_000 });
  const complete = (lease: Lease, text: string) => platform.worker.worker.complete({ ...lease, text });
  interface Lease {
    run_id: number;
    lease_token: string;
  }
  const leaseOf = ({ body }: Pick<Received, "body">): Lease => {
    const { run_id, lease_token } = (JSON.parse(body) as { data: Lease }).data;
    return { run_id, lease_token };
  };
  const logOf = async (webhook_id: string) => (await admin.webhooks.deliveries({ webhook_id })).deliveries;
  const logged = (webhook_id: string, count: number) =>
    until(`${count} deliveries are over`, async () => {
      const log = (await logOf(webhook_id)).filter(({ ended_at }) => ended_at !== null);
      return log.length >= count && log;
    });
  const stateOf = async ({ ann, run_id }: { ann: TestPerson; run_id: number }) =>
    (await ann.runs.get({ run_id })).state;

  describe("for operators", () => {
    it("are made, changed, rotated and deleted, and the secret is shown once", async () => {
      const made = await make("https://hooks.example.com/a", "run.ended");
      expect(made).toMatchObject({ assistant: "deepbot", secrets: 1, failures: 0, disabled_at: null });
      expect(made.secret).toMatch(/^whsec_/);
      const { webhook_id } = made;
      const rotated = await admin.webhooks.rotate({ webhook_id });
      expect(rotated).toMatchObject({ webhook_id, secrets: 2 });
      expect(rotated.secret).not.toBe(made.secret);
      const changes = { url: "https://hooks.example.com/b", enabled: false, end_previous_secret: true as const };
      const changed = await admin.webhooks.update({ webhook_id, ...changes });
      expect(changed).toMatchObject({ url: changes.url, secrets: 1, disabled_reason: "operator" });
      expect(changed).not.toHaveProperty("secret");
      expect(await admin.webhooks.update({ webhook_id, enabled: true })).toMatchObject({ disabled_at: null });
      expect(await admin.webhooks.remove({ webhook_id })).toEqual({ webhook_id });
      expect(await refusalOf(admin.webhooks.deliveries({ webhook_id }))).toBe("webhook_not_found");
      const audited = platform.emitted.flatMap((event) => (event.kind === "webhook_changed" ? [event.change] : []));
      expect(audited).toEqual(["created", "rotated", "disabled", "enabled", "deleted"]);
    });

    it("are nobody else's business", async () => {
      const ann = await platform.person();
      for (const caller of [ann, platform.as(), platform.worker]) {
        expect(await refusalOf(caller.webhooks.list({ slug: "deepbot" }))).toMatch(/operator_only|unauthenticated/);
      }
    });

    it("are refused beyond the limit, for an unknown assistant, and at an address that is no URL of a host", async () => {
      for (let n = 0; n < webhooks.perAssistant; n += 1) await make("https://hooks.example.com/", "run.ended");
      expect(await refusalOf(make("https://hooks.example.com/", "run.ended"))).toBe("webhook_limit");
      expect(await refusalOf(make("https://me@hooks.example.com/", "run.ended"))).toBe("webhook_url_refused");
      expect(await refusalOf(make(`https://hooks.example.com/${"я".repeat(1_000)}`, "run.ended"))).toBe(
        "webhook_url_refused",
      );
      const other = { slug: "nobody", url: "https://hooks.example.com/", events: ["run.ended" as const] };
      expect(await refusalOf(admin.webhooks.create(other))).toBe("assistant_not_found");
    });

    it("are tried without a trace in the log", async () => {
      const receiver = await startReceiver(respondWith(500));
      const { webhook_id, secret } = await make(receiver.url, "run.ended");
      await admin.webhooks.update({ webhook_id, enabled: false });
      expect(await admin.webhooks.test({ webhook_id })).toMatchObject({ status: 500, error: "status" });
      const [received] = receiver.received;
      expect(received && verify(secret, received)).toMatchObject({ type: "webhook.test", data: { webhook_id } });
      expect(await logOf(webhook_id)).toEqual([]);
    });
  });

  describe("that take questions", () => {
    it("get what a claim gives, and one report of their own answers it", async () => {
      const receiver = await startReceiver(async (received) => {
        await complete(leaseOf(received), "the answer");
        received.response.writeHead(200).end();
      });
      const { webhook_id, secret } = await make(receiver.url, "run.queued");
      const asked = await ask("what is it?");
      await until("the run is completed", async () => (await stateOf(asked)) === "completed");
      const [received] = receiver.received;
      expect(received && verify(secret, received)).toMatchObject({
        type: "run.queued",
        data: {
          run_id: asked.run_id,
          attempt: 1,
          confirm_within_ms: webhooks.timeoutMs,
          messages: [{ role: "user", content: "what is it?" }],
        },
      });
      expect(await logged(webhook_id, 1)).toMatchObject([
        { event: "run.queued", run_id: asked.run_id, status: 200, error: null, attempt: 1 },
      ]);
    });

    it("get a run that was queued before they were made", async () => {
      const asked = await ask();
      const receiver = await startReceiver();
      await make(receiver.url, "run.queued");
      await until("the run is pushed", () => receiver.received.length > 0);
      expect(leaseOf(receiver.received[0] ?? { body: "" }).run_id).toBe(asked.run_id);
    });

    it.each([
      ["responds with an error", respondWith(503), "status"],
      ["redirects", respondWith(302, { location: "http://127.0.0.1:1/" }), "redirect"],
      ["cuts the connection", ({ response }) => void response.destroy(), "connection"],
    ] as [string, Respond, string][])("give a run back when the receiver %s, and pause", async (_, respond, error) => {
      const receiver = await startReceiver(respond);
      const { webhook_id } = await make(receiver.url, "run.queued");
      const asked = await ask();
      expect(await logged(webhook_id, 1)).toMatchObject([{ run_id: asked.run_id, error }]);
      const { runs } = await claim();
      expect(runs).toMatchObject([{ run_id: asked.run_id, attempt: 1 }]);
      expect(receiver.received).toHaveLength(1);
      const given = { kind: "run_transition", runId: asked.run_id, from: "running", to: "queued", actor: "worker" };
      expect(platform.emitted).toContainEqual(expect.objectContaining(given));
    });

    it("lose the run when the receiver hangs and no report comes, at no cost of an attempt", async () => {
      const receiver = await startReceiver(() => {});
      const { webhook_id } = await make(receiver.url, "run.queued");
      const asked = await ask();
      await until("the run is pushed", () => receiver.received.length > 0);
      const { runs } = await claim();
      expect(runs).toMatchObject([{ run_id: asked.run_id, attempt: 1 }]);
      expect(await logged(webhook_id, 1)).toMatchObject([{ status: null, error: "timeout" }]);
      expect(await refusalOf(complete(leaseOf(receiver.received[0] ?? { body: "" }), "late"))).toBe("lease_taken");
    });

    it("keep the run when the receiver works while it responds", async () => {
      const receiver = await startReceiver(
        async (received) => void (await platform.worker.worker.heartbeat(leaseOf(received))),
      );
      const { webhook_id } = await make(receiver.url, "run.queued");
      const asked = await ask();
      expect(await logged(webhook_id, 1)).toMatchObject([{ status: null, error: null }]);
      expect(await stateOf(asked)).toBe("running");
      await complete(leaseOf(receiver.received[0] ?? { body: "" }), "done at last");
      expect(await stateOf(asked)).toBe("completed");
    });

    it("share the questions of their assistant, and a disabled one gets none", async () => {
      const receivers = [await startReceiver(), await startReceiver(), await startReceiver()];
      const made = [];
      for (const { url } of receivers) made.push(await make(url, "run.queued"));
      await admin.webhooks.update({ webhook_id: made[2]?.webhook_id ?? "", enabled: false });
      for (let n = 0; n < 4; n += 1) await ask();
      await until("four runs are pushed", () => receivers.flatMap(({ received }) => received).length === 4);
      expect(receivers.map(({ received }) => received.length)).toEqual([2, 2, 0]);
    });
  });

  describe("that hear how runs end", () => {
    const answer = async () => {
      const asked = await ask();
      const [run] = (await claim()).runs;
      await platform.worker.worker.complete({
        run_id: run?.run_id ?? 0,
        lease_token: run?.lease_token ?? "",
        text: "the answer",
        usage: { output_tokens: 2 },
      });
      return asked;
    };

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
          user: platform.useCases.pseudonym({ userId: asked.ann.userId, assistantId: 1 }),
          assistant: "deepbot",
          state: "completed",
          usage: { output_tokens: 2 },
        },
      });
      expect(received?.body).not.toContain("the answer");
    });

    it("are told again after a failure, under the same id, by both secrets after a rotation", async () => {
      const receiver = await startReceiver((received, number) =>
        respondWith(number === 0 ? 500 : 200)(received, number),
      );
      const { webhook_id, secret: older } = await make(receiver.url, "run.ended");
      const { secret: newer } = await admin.webhooks.rotate({ webhook_id });
      await answer();
      const [failed] = await until("the first attempt has failed", async () => {
        const log = await logOf(webhook_id);
        return log[0]?.error === "status" && log;
      });
      expect(failed).toMatchObject({ attempt: 1, status: 500, ended_at: null });
      const waitMs = Date.parse(failed?.due_at ?? "") - Date.now();
      expect(waitMs).toBeGreaterThan(2_000);
      expect(waitMs).toBeLessThan(6_100);
      await platform.database.db.execute(sql`update webhook_deliveries set due_at = now() where due_at is not null`);
      expect(await logged(webhook_id, 1)).toMatchObject([{ attempt: 2, status: 200, error: null }]);
      const [first, second] = receiver.received;
      expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
      for (const secret of [older, newer]) expect(second && verify(secret, second)).toBeDefined();
    });

    it("are told after their server was killed between the commit and the delivery", async () => {
      const receiver = await startReceiver();
      await make(receiver.url, "run.ended");
      const { run_id } = await ask();
      const [run] = (await claim()).runs;
      // The statement alone: nobody lives to hear the event.
      await platform.statements.completeRun({
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
      for (let n = 0; n < settings.webhooks.maxFailures; n += 1) {
        const { run_id } = await ask();
        await platform.database.db.execute(sql`
          insert into webhook_deliveries (webhook_id, event, run_id, attempt) values (${webhook_id}, 'run.ended', ${run_id}, 7)`);
      }
      const [webhook] = await until("the webhook is disabled", async () => {
        const found = (await admin.webhooks.list({ slug: "deepbot" })).webhooks;
        return found[0]?.disabled_at !== null && found;
      });
      expect(webhook).toMatchObject({ disabled_reason: "failures", failures: 3 });
      expect(platform.emitted).toContainEqual({
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
      const first = await admin.webhooks.deliveries({ webhook_id, limit: 2 });
      expect(first.deliveries.map(({ delivery_id }) => delivery_id)).toEqual(ids.slice(0, 2));
      const before = first.next_before ?? 0;
      const second = await admin.webhooks.deliveries({ webhook_id, limit: 2, before });
      expect(second).toMatchObject({ deliveries: [{ delivery_id: ids[2] }], next_before: null });
    });

    it("are disabled at once by 410", async () => {
      const receiver = await startReceiver(respondWith(410));
      const { webhook_id } = await make(receiver.url, "run.ended");
      await answer();
      expect(await logged(webhook_id, 1)).toMatchObject([{ status: 410, attempt: 1 }]);
      const { webhooks: found } = await admin.webhooks.list({ slug: "deepbot" });
      expect(found).toMatchObject([{ disabled_reason: "gone" }]);
    });
  });

  it("of a server that cannot reach private addresses are refused when the name is resolved", async () => {
    const strict = { ...settings, webhooks: { ...settings.webhooks, allowPrivate: false } };
    const other = await createPlatform(mainEngine(), strict, { shared: platform.database });
    try {
      const receiver = await startReceiver();
      const { webhook_id } = await make(`http://localhost:${receiver.port}/`, "run.ended");
      const operator = await other.person("root");
      expect(await operator.webhooks.test({ webhook_id })).toMatchObject({ status: null, error: "address_refused" });
      expect(receiver.received).toEqual([]);
    } finally {
      await other.close();
    }
  });
});
