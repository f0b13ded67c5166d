import { setTimeout as sleep } from "node:timers/promises";
import { mainEngine } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { describe, expect, it } from "vitest";
import { createPlatform, type TestPerson } from "./support/platform.ts";
import { respondWith, startReceiver, verify, type Respond } from "./support/receiver.ts";
import { refusalOf } from "./support/refusal.ts";
import { leaseOf, platformSettings, useWebhooks, webhookSettings } from "./support/webhooks.ts";

describe("webhooks", () => {
  const { platform, admin, make, ask, claim, complete, logOf, logged } = useWebhooks();
  const stateOf = async ({ ann, run_id }: { ann: TestPerson; run_id: number }) =>
    (await ann.runs.get({ run_id })).state;

  describe("for operators", () => {
    it("are made, changed, rotated and deleted, and the secret is shown once", async () => {
      const made = await make("https://hooks.example.com/a", "run.ended");
      expect(made).toMatchObject({ assistant: "deepbot", secrets: 1, failures: 0, disabled_at: null });
      expect(made.secret).toMatch(/^whsec_/);
      const { webhook_id } = made;
      const rotated = await admin().webhooks.rotate({ webhook_id });
      expect(rotated).toMatchObject({ webhook_id, secrets: 2 });
      expect(rotated.secret).not.toBe(made.secret);
      const changes = { url: "https://hooks.example.com/b", enabled: false, end_previous_secret: true as const };
      const changed = await admin().webhooks.update({ webhook_id, ...changes });
      expect(changed).toMatchObject({ url: changes.url, secrets: 1, disabled_reason: "operator" });
      expect(changed).not.toHaveProperty("secret");
      expect(await admin().webhooks.update({ webhook_id, enabled: true })).toMatchObject({ disabled_at: null });
      expect(await admin().webhooks.remove({ webhook_id })).toEqual({ webhook_id });
      expect(await refusalOf(admin().webhooks.deliveries({ webhook_id }))).toBe("webhook_not_found");
      const audited = platform().emitted.flatMap((event) => (event.kind === "webhook_changed" ? [event.change] : []));
      expect(audited).toEqual(["created", "rotated", "disabled", "enabled", "deleted"]);
    });

    it("are nobody else's business", async () => {
      const ann = await platform().person();
      for (const caller of [ann, platform().as(), platform().worker]) {
        expect(await refusalOf(caller.webhooks.list({ slug: "deepbot" }))).toMatch(/operator_only|unauthenticated/);
      }
    });

    it("are refused beyond the limit, for an unknown assistant, and at an address that is no URL of a host", async () => {
      for (let n = 0; n < webhookSettings.perAssistant; n += 1) await make("https://hooks.example.com/", "run.ended");
      expect(await refusalOf(make("https://hooks.example.com/", "run.ended"))).toBe("webhook_limit");
      expect(await refusalOf(make("https://me@hooks.example.com/", "run.ended"))).toBe("webhook_url_refused");
      expect(await refusalOf(make(`https://hooks.example.com/${"я".repeat(1_000)}`, "run.ended"))).toBe(
        "webhook_url_refused",
      );
      const other = { slug: "nobody", url: "https://hooks.example.com/", events: ["run.ended" as const] };
      expect(await refusalOf(admin().webhooks.create(other))).toBe("assistant_not_found");
    });

    it("are tried without a trace in the log", async () => {
      const receiver = await startReceiver(respondWith(500));
      const { webhook_id, secret } = await make(receiver.url, "run.ended");
      await admin().webhooks.update({ webhook_id, enabled: false });
      expect(await admin().webhooks.test({ webhook_id })).toMatchObject({ status: 500, error: "status" });
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
          confirm_within_ms: webhookSettings.timeoutMs,
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
      expect(platform().emitted).toContainEqual(expect.objectContaining(given));
    });

    it("pause longer each time when the receiver gives the run back, before it responds with 200 or after", async () => {
      const pushedAt: number[] = [];
      const receiver = await startReceiver(async (received, number) => {
        pushedAt.push(performance.now());
        const lease = leaseOf(received);
        if (number === 1) received.response.end();
        if (number === 1) await sleep(200);
        if (number < 2) await platform().worker.worker.release(lease);
        else await complete(lease, "at last");
        if (number === 0) await sleep(200);
        received.response.end();
      });
      const { webhook_id } = await make(receiver.url, "run.queued");
      const asked = await ask();
      await until("the run is completed", async () => (await stateOf(asked)) === "completed");
      const [first = 0, second = 0, third = 0] = pushedAt;
      expect(pushedAt).toHaveLength(3);
      expect(second - first).toBeGreaterThan(800);
      expect(third - second).toBeGreaterThan(1_600);
      expect(await logged(webhook_id, 3)).toMatchObject([{ error: null }, { error: null }, { error: null }]);
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
        async (received) => void (await platform().worker.worker.heartbeat(leaseOf(received))),
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
      await admin().webhooks.update({ webhook_id: made[2]?.webhook_id ?? "", enabled: false });
      for (let n = 0; n < 4; n += 1) await ask();
      await until("four runs are pushed", () => receivers.flatMap(({ received }) => received).length === 4);
      expect(receivers.map(({ received }) => received.length)).toEqual([2, 2, 0]);
    });
  });

  it("of a server that cannot reach private addresses are refused when the name is resolved", async () => {
    const strict = { ...platformSettings, webhooks: { ...webhookSettings, allowPrivate: false } };
    const other = await createPlatform(mainEngine(), strict, { shared: platform().database });
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
