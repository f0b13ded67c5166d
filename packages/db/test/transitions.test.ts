import { serviceKeyScopes } from "@deepbot/contract";
import { eq, sql } from "drizzle-orm";
import { afterEach, expect, it } from "vitest";
import { runs } from "../src/schema/index.ts";
import { environmentKeyId } from "../src/index.ts";
import { anyClaim, describeEachEngine, makeRun, useDatabase } from "../src/testing/index.ts";

/** Facts that events about a run are made of. */
describeEachEngine("a statement that changes a run", (engine) => {
  const suite = useDatabase(engine);
  afterEach(() => suite.database.db.execute(sql`delete from dialogs`));

  const claimRuns = (exceptAssistantIds: number[] = []) =>
    suite.statements.claimRuns({ ...anyClaim, max: 9, exceptAssistantIds });
  const claim = async () => {
    const [claimed] = await claimRuns();
    if (claimed === undefined) throw new Error("There was nothing to claim.");
    return claimed;
  };
  const change = (runId: number, columns: Parameters<ReturnType<typeof updateRuns>["set"]>[0]) =>
    updateRuns().set(columns).where(eq(runs.runId, runId));
  const updateRuns = () => suite.database.db.update(runs);
  const reap = () => suite.statements.reapRuns({ limit: 9, cancelGraceMs: 0 });
  const past = sql`now() - interval '1 second'`;
  const failure = { errorCode: "x", errorMessage: "x", retry: true, backoffMs: 0 };

  it("leaves runs of the assistants in the queue that a claim excepts", async () => {
    const { runId } = await makeRun(suite.statements);
    expect(await claimRuns([1])).toEqual([]);
    expect(await claimRuns([2])).toMatchObject([{ runId }]);
  });

  it("names the owner of a run that is released, with a cancel or without", async () => {
    const { runId, userId: ownerId, dialogId } = await makeRun(suite.statements);
    const released = { dialogId, ownerId, assistantId: 1, cancelRequested: false };
    expect(await suite.statements.releaseRun(await claim())).toEqual(released);
    const lease = await claim();
    expect(await suite.statements.requestCancel({ runId, userId: ownerId })).toEqual({ dialogId });
    expect(await suite.statements.releaseRun(lease)).toEqual({ ...released, cancelRequested: true });
  });

  it("names the owner and the new state of a run that failed", async () => {
    const { userId: ownerId, dialogId } = await makeRun(suite.statements, { maxAttempts: 2 });
    const failed = { dialogId, ownerId, assistantId: 1, cancelRequested: false };
    const availableAt = expect.any(Date);
    expect(await suite.statements.failRun({ ...(await claim()), ...failure })).toEqual({
      ...failed,
      state: "queued",
      attempt: 1,
      attemptsLeft: 1,
      availableAt,
    });
    expect(await suite.statements.failRun({ ...(await claim()), ...failure })).toEqual({
      ...failed,
      state: "failed",
      attempt: 2,
      attemptsLeft: 0,
      availableAt,
    });
  });

  it("names the owner and the state before of a run that is completed", async () => {
    const { runId, userId: ownerId, dialogId } = await makeRun(suite.statements);
    const completed = await suite.statements.completeRun({ ...(await claim()), text: "x", usage: null });
    const { answerId = 0 } = completed ?? {};
    expect(answerId).toBeGreaterThan(0);
    expect(completed).toEqual({ runId, dialogId, ownerId, assistantId: 1, answerId, from: "running", text: "x" });
  });

  it.each(["queued", "running"] as const)("names the state before of a %s run that a reply completes", async (from) => {
    const { runId, userId, dialogId } = await makeRun(suite.statements);
    if (from === "running") await claim();
    const outcome = { kind: "completed", runId, assistantId: 1, from };
    expect(
      await suite.statements.storeReply({
        userId,
        dialogId,
        text: "x",
        messagesPerDialog: 100,
        assistantIds: null,
        scopes: serviceKeyScopes,
      }),
    ).toEqual(outcome);
    expect(
      await suite.statements.storeReply({
        userId,
        dialogId,
        text: "x",
        messagesPerDialog: 100,
        assistantIds: null,
        scopes: serviceKeyScopes,
      }),
    ).toEqual({
      kind: "repeated",
    });
  });

  it("names owner, state before and state after of runs that are reaped", async () => {
    const expired = await makeRun(suite.statements);
    const requeued = await makeRun(suite.statements);
    const failed = await makeRun(suite.statements, { maxAttempts: 1 });
    await claimRuns();
    const cancelled = await makeRun(suite.statements);
    await suite.statements.requestCancel(cancelled);
    await change(expired.runId, { deadlineAt: past });
    for (const { runId } of [requeued, failed]) await change(runId, { leaseUntil: past });
    const reaped = await reap();
    const fact = ({ runId, dialogId, userId: ownerId }: typeof expired) => ({
      runId,
      dialogId,
      ownerId,
      assistantId: 1,
      leaseConfirmed: true,
    });
    expect(reaped.toSorted((a, b) => a.runId - b.runId)).toEqual([
      { ...fact(expired), from: "running", state: "expired", errorCode: "deadline" },
      { ...fact(requeued), from: "running", state: "queued", errorCode: null },
      { ...fact(failed), from: "running", state: "failed", errorCode: "attempts_spent" },
      { ...fact(cancelled), from: "queued", state: "cancelled", errorCode: null },
    ]);
  });

  it("shows in the present state of many runs, without those that were deleted", async () => {
    const queued = await makeRun(suite.statements);
    const [lease, gone] = [await makeRun(suite.statements), await makeRun(suite.statements)];
    await change(queued.runId, { availableAt: sql`now() + interval '1 minute'` });
    const claimed = await claimRuns();
    await suite.statements.completeRun({
      runId: lease.runId,
      leaseToken: claimed.find(({ runId }) => runId === lease.runId)?.leaseToken ?? "",
      keyId: environmentKeyId,
      text: "an answer",
      usage: { model: "m" },
    });
    await suite.statements.deleteDialog(gone);
    const rows = await suite.statements.followRuns([gone.runId, lease.runId, queued.runId]);
    expect(rows.toSorted((a, b) => a.runId - b.runId)).toMatchObject([
      { runId: queued.runId, state: "queued", epoch: 0, answerText: null },
      { runId: lease.runId, state: "completed", epoch: 1, answerText: "an answer", usage: { model: "m" } },
    ]);
  });
});
