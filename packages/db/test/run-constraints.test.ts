import { eq, sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { botUserId, messages, runs } from "../src/schema/index.ts";
import { describeEachEngine, makeDialog, makeRun, useDatabase } from "../src/testing/index.ts";

describeEachEngine("a run", (engine) => {
  const suite = useDatabase(engine);

  it("is one per dialog, by a constraint and not by code alone", async () => {
    const { dialogId } = await makeRun(suite.statements);
    const [question] = await suite.database.db.select().from(messages).where(eq(messages.dialogId, dialogId));
    const second = suite.database.db.insert(runs).values({
      dialogId,
      questionId: question?.messageId ?? 0,
      maxAttempts: 3,
      deadlineAt: new Date(Date.now() + 60_000),
    });
    await expect(second).rejects.toMatchObject({ cause: { code: "23505" } });
  });

  it("has no two answers to one question, by a constraint", async () => {
    const { dialogId } = await makeDialog(suite.statements);
    const insert = (seq: number, userId: number) =>
      suite.database.db
        .insert(messages)
        .values({ dialogId, userId, content: "x", seq })
        .returning({ id: messages.messageId });
    const [question] = await insert(1, 2);
    const [one] = await insert(2, botUserId);
    const [two] = await insert(3, botUserId);
    await suite.database.db.execute(sql`update dialogs set last_seq = 3 where dialog_id = ${dialogId}`);
    const completed = (answerId: number | undefined) =>
      suite.database.db.insert(runs).values({
        dialogId,
        questionId: question?.id ?? 0,
        answerId: answerId ?? 0,
        state: "completed",
        maxAttempts: 3,
        deadlineAt: new Date(),
        endedAt: new Date(),
      });
    await completed(one?.id);
    await expect(completed(two?.id)).rejects.toMatchObject({ cause: { code: "23505" } });
  });

  it.each([
    ["running without a lease", sql`state = 'running', lease_token = gen_random_uuid()`],
    ["running without a token", sql`state = 'running', lease_until = now()`],
    ["completed without an answer", sql`state = 'completed', ended_at = now()`],
    ["ended without a time", sql`state = 'cancelled'`],
    ["failed without a reason", sql`state = 'failed', ended_at = now()`],
    ["in an unknown state", sql`state = 'paused'`],
    ["with more attempts than allowed", sql`attempt = 4`],
  ])("cannot be %s", async (_, change) => {
    const { runId } = await makeRun(suite.statements);
    const broken = suite.database.db.execute(sql`update runs set ${change} where run_id = ${runId}`);
    await expect(broken).rejects.toMatchObject({ cause: { code: "23514" } });
  });
});
