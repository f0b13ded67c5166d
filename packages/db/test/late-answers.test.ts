import { serviceKeyScopes } from "@deepbot/contract";
import { sql } from "drizzle-orm";
import { afterEach, expect, it } from "vitest";
import {
  anyQuestion,
  anyRetry,
  anyTimes,
  describeEachEngine,
  findViolations,
  makeRun,
  noViolations,
  useDatabase,
} from "../src/testing/index.ts";
import { useRuns } from "./use-runs.ts";

describeEachEngine("a run that ended without an answer", (engine) => {
  const suite = useDatabase(engine);
  afterEach(async () => {
    expect(await findViolations(suite.database.db)).toEqual(noViolations);
    await suite.database.db.execute(sql`delete from dialogs`);
  });

  const { claim, stateOf, passDeadline, passLease } = useRuns(suite);

  it("is healed by the late answer of its last worker, after the deadline and after the last attempt", async () => {
    const expired = await makeRun(suite.statements);
    const late = await claim();
    await passDeadline(expired.runId);
    await suite.statements.reapRuns({ limit: 9, cancelGraceMs: 5_000 });
    expect(await suite.statements.completeRun({ ...late, text: "after all", usage: null })).toMatchObject({
      runId: expired.runId,
      ownerId: expired.userId,
      from: "expired",
    });
    const failed = await makeRun(suite.statements, { maxAttempts: 1 });
    const last = await claim();
    await passLease(failed.runId);
    await suite.statements.reapRuns({ limit: 9, cancelGraceMs: 5_000 });
    expect(await suite.statements.completeRun({ ...last, text: "after all", usage: null })).toMatchObject({
      runId: failed.runId,
      from: "failed",
    });
    expect(await stateOf(failed.runId)).toMatchObject({ state: "completed", errorCode: null });
  });

  it("is not healed once a newer message exists, whether or not the dialog awaits an answer", async () => {
    const { runId, userId, dialogId } = await makeRun(suite.statements);
    const late = await claim();
    await passDeadline(runId);
    await suite.statements.reapRuns({ limit: 9, cancelGraceMs: 5_000 });
    await suite.statements.insertQuestion({ ...anyQuestion, userId, dialogId, text: "next" });
    expect(await suite.statements.completeRun({ ...late, text: "too late", usage: null })).toBeUndefined();
    await suite.statements.completeRun({ ...(await claim()), text: "the next answer", usage: null });
    expect(await suite.statements.completeRun({ ...late, text: "too late", usage: null })).toBeUndefined();
    expect(await stateOf(runId)).toMatchObject({ state: "expired", answerId: null });
  });

  it("is not healed while its question waits for another answer", async () => {
    const { runId, userId } = await makeRun(suite.statements);
    const late = await claim();
    await passDeadline(runId);
    await suite.statements.reapRuns({ limit: 9, cancelGraceMs: 5_000 });
    const again = await suite.statements.insertRetry({ ...anyRetry, runId, userId });
    expect(await suite.statements.completeRun({ ...late, text: "too late", usage: null })).toBeUndefined();
    expect(await stateOf(runId)).toMatchObject({ state: "expired", answerId: null });
    await suite.statements.completeRun({ ...(await claim()), text: "the answer", usage: null });
    expect(await stateOf(again?.runId ?? 0)).toMatchObject({ state: "completed" });
  });

  it("is not healed by a reply to its dialog once a newer message exists", async () => {
    const { runId, userId, dialogId } = await makeRun(suite.statements);
    const lease = await claim();
    await suite.statements.insertDeltas([{ ...lease, seq: 1, text: "half", leaseMs: 60_000 }], {
      ...anyTimes,
      maxBytes: 100,
    });
    await suite.statements.requestCancel({ runId, userId });
    await suite.statements.reapRuns({ limit: 9, cancelGraceMs: 0 });
    const again = await suite.statements.insertRetry({ ...anyRetry, runId, userId });
    await passDeadline(again?.runId ?? 0);
    await suite.statements.reapRuns({ limit: 9, cancelGraceMs: 0 });
    expect(await stateOf(again?.runId ?? 0)).toMatchObject({ state: "expired" });
    expect(
      await suite.statements.storeReply({
        userId,
        dialogId,
        text: "late",
        messagesPerDialog: 100,
        assistantIds: null,
        scopes: serviceKeyScopes,
      }),
    ).toMatchObject({
      kind: "unsolicited",
    });
    expect(await stateOf(again?.runId ?? 0)).toMatchObject({ state: "expired", answerId: null });
  });
});
