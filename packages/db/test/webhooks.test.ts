import { serviceKeyScopes } from "@deepbot/contract";
import { sql } from "drizzle-orm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { webhookKeyId, type LeaseKey } from "../src/index.ts";
import {
  anyClaim,
  anyTimes,
  describeEachEngine,
  describePostgres,
  makeRun,
  useDatabase,
} from "../src/testing/index.ts";

const anyAttempt = { status: 200, error: null, durationMs: 5, maxFailures: 3, gone: false };
const failed = { ...anyAttempt, status: 500, error: "status" };

describePostgres("a webhook that is deleted while a run ends", () => {
  const suite = useDatabase("postgres");

  it("does not keep the run from its end", async () => {
    const wanted = {
      slug: "deepbot",
      url: "https://a.example/",
      events: ["run.ended" as const],
      secret: "s",
      limit: 1,
    };
    await suite.statements.insertWebhook(wanted);
    await makeRun(suite.statements);
    const [lease] = await suite.statements.claimRuns(anyClaim);
    let completing: Promise<unknown> = Promise.resolve();
    await suite.database.db.transaction(async (tx) => {
      await tx.execute(sql`delete from webhooks`);
      const { runId = 0, leaseToken = "", keyId = "" } = lease ?? {};
      completing = suite.statements.completeRun({ runId, leaseToken, keyId, text: "x", usage: null });
      await vi.waitFor(async () => {
        const waiting: unknown = await suite.database.db.execute(sql`
          select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
        expect(waiting).toHaveLength(1);
      });
    });
    expect(await completing).toMatchObject({ runId: lease?.runId });
  });
});

describeEachEngine("webhooks", (engine) => {
  const suite = useDatabase(engine);
  afterEach(async () => {
    await suite.database.db.execute(sql`delete from webhooks`);
    await suite.database.db.execute(sql`delete from dialogs`);
  });

  const make = async (url = "https://one.example/hook", events: ("run.ended" | "run.queued")[] = ["run.ended"]) => {
    const wanted = { slug: "deepbot", url, events, secret: "whsec_one", limit: 50 };
    const inserted = await suite.statements.insertWebhook(wanted);
    if (inserted.kind !== "inserted") throw new Error(inserted.kind);
    return inserted.webhook;
  };
  const claimRun = async (options: Parameters<typeof makeRun>[1] = {}) => {
    await makeRun(suite.statements, options);
    const [claimed] = await suite.statements.claimRuns(anyClaim);
    if (claimed === undefined) throw new Error("There was nothing to claim.");
    return claimed;
  };
  const complete = async () => {
    const lease = await claimRun();
    await suite.statements.completeRun({ ...lease, text: "an answer", usage: { input_tokens: 3 } });
    return lease;
  };
  const claimDue = (options: Partial<Parameters<typeof suite.statements.claimDueDeliveries>[0]> = {}) =>
    suite.statements.claimDueDeliveries({ max: 50, holdMs: 60_000, perHost: 50, busyHosts: [], ...options });
  const logOf = (webhookId: string) => suite.statements.listWebhookDeliveries({ webhookId, before: null, limit: 100 });

  it("are made up to a limit for each assistant, and only for one that is there", async () => {
    const wanted = {
      slug: "deepbot",
      url: "https://a.example/",
      events: ["run.ended" as const],
      secret: "s",
      limit: 2,
    };
    const kinds = await Promise.all([1, 2, 3, 4].map(() => suite.statements.insertWebhook(wanted)));
    expect(kinds.map(({ kind }) => kind).toSorted()).toEqual([
      "inserted",
      "inserted",
      "limit_reached",
      "limit_reached",
    ]);
    expect(await suite.statements.insertWebhook({ ...wanted, slug: "nobody" })).toEqual({ kind: "no_assistant" });
    expect(await suite.statements.listWebhooks("nobody")).toBeUndefined();
    expect(await suite.statements.listWebhooks("deepbot")).toHaveLength(2);
  });

  it("sign with two secrets from a rotation on, until the older one is ended", async () => {
    const { webhookId } = await make();
    const secrets = async () => (await suite.statements.findWebhookTarget(webhookId))?.secrets;
    expect(await suite.statements.rotateWebhookSecret({ webhookId, secret: "whsec_two" })).toMatchObject({
      secretCount: 2,
    });
    expect(await secrets()).toEqual(["whsec_two", "whsec_one"]);
    await suite.statements.rotateWebhookSecret({ webhookId, secret: "whsec_three" });
    expect(await secrets()).toEqual(["whsec_three", "whsec_two"]);
    const nothing = { url: null, events: null, enabled: null };
    await suite.statements.updateWebhook({ webhookId, ...nothing, endPreviousSecret: true });
    expect(await secrets()).toEqual(["whsec_three"]);
  });

  it("hear of every end of a run in the statement that ends it", async () => {
    const { webhookId } = await make();
    await complete();
    const failing = await claimRun({ maxAttempts: 1 });
    const failure = { errorCode: "x", errorMessage: "x", retry: true, backoffMs: 0 };
    await suite.statements.failRun({ ...failing, ...failure });
    const { userId, dialogId } = await makeRun(suite.statements);
    await suite.statements.storeReply({
      userId,
      dialogId,
      text: "a reply",
      messagesPerDialog: 99,
      assistantIds: null,
      scopes: serviceKeyScopes,
    });
    const overdue = await makeRun(suite.statements);
    await suite.database.db.execute(sql`update runs set deadline_at = now() where run_id = ${overdue.runId}`);
    await suite.statements.reapRuns({ limit: 9, cancelGraceMs: 0 });
    const due = await claimDue();
    expect(due.map(({ run }) => run?.state ?? "none").toSorted()).toEqual([
      "completed",
      "completed",
      "expired",
      "failed",
    ]);
    expect(due[0]).toMatchObject({ webhookId, event: "run.ended", attempt: 1, run: { assistant: "deepbot" } });
  });

  it("do not hear of an attempt that is followed by another, nor of what they did not ask for", async () => {
    await make("https://one.example/", ["run.queued"]);
    await complete();
    await suite.database.db.execute(sql`delete from webhooks`);
    await make();
    const failing = await claimRun({ maxAttempts: 2 });
    await suite.statements.failRun({ ...failing, errorCode: "x", errorMessage: "x", retry: true, backoffMs: 0 });
    expect(await claimDue()).toEqual([]);
  });

  it("get a delivery again when its server was killed, and nobody else gets it meanwhile", async () => {
    await make();
    await complete();
    const [first] = await claimDue();
    expect(await claimDue()).toEqual([]);
    await suite.database.db.execute(sql`update webhook_deliveries set due_at = now()`);
    const [again] = await claimDue();
    expect(again).toMatchObject({ deliveryId: first?.deliveryId, attempt: 2 });
    // The first server was only slow: its result comes too late.
    const late = { deliveryId: first?.deliveryId ?? 0, attempt: 1, retryMs: null, counts: true, ...anyAttempt };
    await suite.statements.finishDelivery(late);
    expect(await logOf(first?.webhookId ?? "")).toMatchObject([{ attempt: 2, endedAt: null }]);
  });

  it("share what is under way between hosts", async () => {
    await make("https://slow.example/a");
    await make("https://slow.example/b");
    await make("https://quick.example/");
    for (let n = 0; n < 4; n += 1) await complete();
    const hosts = async (options: Parameters<typeof claimDue>[0]) =>
      (await claimDue(options)).map(({ url }) => new URL(url).host).toSorted();
    const busyHosts = ["slow.example"];
    expect(await hosts({ perHost: 2, busyHosts })).toEqual(["quick.example", "quick.example", "slow.example"]);
    expect(await hosts({ perHost: 1, busyHosts })).toEqual(["quick.example"]);
  });

  it("are disabled after so many failures in a row, which drops what is due", async () => {
    const { webhookId } = await make();
    for (let n = 0; n < 5; n += 1) await complete();
    const due = (await claimDue({ max: 4 })).toSorted((a, b) => a.deliveryId - b.deliveryId);
    const finish = (index: number, result: typeof failed | typeof anyAttempt) => {
      const { deliveryId = 0, attempt = 0 } = due[index] ?? {};
      return suite.statements.finishDelivery({ deliveryId, attempt, retryMs: null, counts: true, ...result });
    };
    await finish(0, failed);
    await finish(1, anyAttempt);
    expect(await finish(2, failed)).toBeUndefined();
    expect(await suite.statements.recordPush({ webhookId, runId: 1, ...failed })).toBeUndefined();
    expect(await finish(3, failed)).toEqual({ webhookId, assistantId: 1, reason: "failures" });
    expect(await suite.statements.listWebhooks("deepbot")).toMatchObject([{ failures: 3, disabledReason: "failures" }]);
    expect(await logOf(webhookId)).toMatchObject([
      { event: "run.queued", error: "status", status: 500 },
      { error: "disabled" },
      { error: "status" },
      { error: "status" },
      { error: null },
      { error: "status" },
    ]);
    await complete();
    expect(await logOf(webhookId)).toHaveLength(6);
    const enable = { webhookId, url: null, events: null, enabled: true, endPreviousSecret: false };
    expect(await suite.statements.updateWebhook(enable)).toMatchObject({ failures: 0, disabledAt: null });
  });

  it("are disabled at once when their receiver is gone", async () => {
    const { webhookId } = await make();
    const gone = await suite.statements.recordPush({ webhookId, runId: 1, ...failed, status: 410, gone: true });
    expect(gone).toMatchObject({ reason: "gone" });
  });

  it("have at most so many due deliveries, and a log of so many days and deliveries", async () => {
    const { webhookId } = await make();
    for (let n = 0; n < 4; n += 1) await complete();
    expect(await suite.statements.dropDueDeliveries({ keep: 3, limit: 9 })).toBe(1);
    expect((await logOf(webhookId)).map(({ error }) => error)).toEqual([null, null, null, "dropped"]);
    expect(await suite.statements.pruneWebhookDeliveries({ keepDays: 1, keep: 9, limit: 9 })).toBe(0);
    await suite.database.db.execute(
      sql`update webhook_deliveries set ended_at = now() - interval '2 days' where due_at is null`,
    );
    expect(await suite.statements.pruneWebhookDeliveries({ keepDays: 1, keep: 9, limit: 9 })).toBe(1);
    const other = await make("https://two.example/");
    for (let n = 0; n < 4; n += 1) {
      await suite.statements.recordPush({ webhookId, runId: n, ...anyAttempt });
      await suite.statements.recordPush({ webhookId: other.webhookId, runId: n, ...anyAttempt });
    }
    const pruneTo = (keep: number, limit: number) =>
      suite.statements.pruneWebhookDeliveries({ keepDays: 1, keep, limit });
    expect([await pruneTo(2, 3), await pruneTo(2, 3), await pruneTo(2, 3)]).toEqual([3, 1, 0]);
    const logged = async (id: string) =>
      (await logOf(id)).map(({ event, runId }) => (event === "run.queued" ? runId : "due"));
    expect(await logged(webhookId)).toEqual([3, 2, "due", "due", "due"]);
    expect(await logged(other.webhookId)).toEqual([3, 2]);
  });

  it("are told of a run that was deleted before they heard of it", async () => {
    await make();
    const { dialogId } = await complete();
    await suite.database.db.execute(sql`delete from dialogs where dialog_id = ${dialogId}`);
    expect(await claimDue()).toMatchObject([{ run: null }]);
  });

  it("know a run that was taken by a report from one that was not", async () => {
    await makeRun(suite.statements);
    const [lease] = await suite.statements.claimRuns({ ...anyClaim, confirmWithinMs: 60_000 });
    if (lease === undefined) throw new Error("There was nothing to claim.");
    expect(await suite.statements.isRunTaken(lease)).toBe(false);
    await suite.statements.extendLease({ ...lease, ...anyTimes, leaseMs: 60_000 });
    expect(await suite.statements.isRunTaken(lease)).toBe(true);
    await suite.statements.completeRun({ ...lease, text: "x", usage: null });
    expect(await suite.statements.isRunTaken(lease)).toBe(true);
  });

  describe("whose run a key of the receiver reports on", () => {
    const reach = [
      { reaches: "all assistants", assistantIds: null, isAccepted: true },
      { reaches: "the run's assistant", assistantIds: [7, 1], isAccepted: true },
      { reaches: "other assistants", assistantIds: [7], isAccepted: false },
      { reaches: "no assistant", assistantIds: [], isAccepted: false },
    ];
    const claimPushed = async (keyId = webhookKeyId) => {
      await makeRun(suite.statements);
      const [claimed] = await suite.statements.claimRuns({ ...anyClaim, keyId });
      if (claimed === undefined) throw new Error("There was nothing to claim.");
      const { runId, leaseToken } = claimed;
      return { runId, leaseToken };
    };
    const reports: Record<string, (lease: LeaseKey) => Promise<unknown>> = {
      extendLease: (lease) => suite.statements.extendLease({ ...lease, ...anyTimes, leaseMs: 60_000 }),
      insertDeltas: async (lease) => {
        const [result] = await suite.statements.insertDeltas([{ ...lease, seq: 1, text: "x", leaseMs: 60_000 }], {
          ...anyTimes,
          maxBytes: 99,
        });
        return result?.outcome === "stored" ? result : undefined;
      },
      completeRun: (lease) => suite.statements.completeRun({ ...lease, text: "x", usage: null }),
      failRun: (lease) =>
        suite.statements.failRun({ ...lease, errorCode: "x", errorMessage: "x", retry: true, backoffMs: 0 }),
      releaseRun: (lease) => suite.statements.releaseRun(lease),
    };
    const cases = Object.keys(reports).flatMap((report) => reach.map((key) => ({ report, ...key })));

    it.each(cases)("$report: by a key of $reaches", async ({ report, assistantIds, isAccepted }) => {
      const lease = { ...(await claimPushed()), keyId: "a key", assistantIds };
      expect((await reports[report]?.(lease)) !== undefined).toBe(isAccepted);
    });

    it.each(Object.keys(reports))("%s: not while a worker with another key has the run", async (report) => {
      const lease = { ...(await claimPushed("another key")), keyId: "a key", assistantIds: null };
      expect(await reports[report]?.(lease)).toBeUndefined();
    });

    it("stores a delta once that two keys send at once", async () => {
      const claimed = await claimPushed();
      const delta = { ...claimed, assistantIds: null, seq: 1, text: "x", leaseMs: 60_000 };
      const offered = ["one", "two"].map((keyId) => ({ ...delta, keyId }));
      const outcomes = (await suite.statements.insertDeltas(offered, { ...anyTimes, maxBytes: 99 })).map(
        ({ outcome }) => outcome,
      );
      expect(outcomes.toSorted()).toEqual(["repeated", "stored"]);
    });
  });
});
