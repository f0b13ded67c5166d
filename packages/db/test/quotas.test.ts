import { serviceKeyScopes } from "@deepbot/contract";
import { eq, sql } from "drizzle-orm";
import { afterEach, expect, it } from "vitest";
import { databaseErrorCode, uniqueViolation, type Quotas } from "../src/index.ts";
import { messages, runs, usageDaily, users } from "../src/schema/index.ts";
import {
  ampleQuotas,
  anyClaim,
  anyQuestion,
  anyRetry,
  describeEachEngine,
  describePostgres,
  makeUser,
  useDatabase,
} from "../src/testing/index.ts";

type Suite = ReturnType<typeof useDatabase>;

interface Asked extends Partial<Quotas> {
  text?: string;
  clientMessageId?: string;
}

function tools(suite: Suite) {
  /** A person with dialogs of their own. */
  const person = async (dialogs: number) => {
    const { userId } = await makeUser(suite.statements);
    const dialogIds: number[] = [];
    for (let n = 0; n < dialogs; n += 1) {
      dialogIds.push((await suite.statements.insertDialog({ userId, dialogName: "a dialog", limit: dialogs })) ?? 0);
    }
    return { userId, dialogIds };
  };
  const ask = (userId: number, dialogId = 0, { text = "four", clientMessageId, ...quotas }: Asked = {}) =>
    suite.statements.insertQuestion({
      ...anyQuestion,
      userId,
      dialogId,
      text,
      clientMessageId: clientMessageId ?? null,
      quotas: { ...ampleQuotas, ...quotas },
    });
  const usage = (userId: number) => suite.statements.findUsage({ userId, quotas: ampleQuotas });
  return { person, ask, usage };
}

describeEachEngine("a quota", (engine) => {
  const suite = useDatabase(engine);
  const { person, ask, usage } = tools(suite);
  afterEach(async () => {
    await suite.database.db.execute(sql`delete from dialogs`);
  });

  const claim = async () => {
    const [claimed] = await suite.statements.claimRuns(anyClaim);
    if (claimed === undefined) throw new Error("There was nothing to claim.");
    return claimed;
  };
  const complete = async (tokens?: { input_tokens?: number; output_tokens?: number }) => {
    const answer = { ...(await claim()), text: "an answer", usage: tokens ?? null };
    expect(await suite.statements.completeRun(answer)).toBeDefined();
    return answer;
  };
  const failure = { errorCode: "x", errorMessage: "x", retry: false, backoffMs: 0 };

  it("of questions and of bytes is held at its limit, and what was refused takes nothing", async () => {
    const { userId, dialogIds } = await person(3);
    const [a, b, c] = dialogIds;
    expect(await ask(userId, a, { questionsPerDay: 0 })).toBeUndefined();
    expect(await ask(userId, a, { questionBytesPerDay: 3 })).toBeUndefined();
    expect(await ask(userId, a, { questionsPerDay: 2, questionBytesPerDay: 10 })).toBeDefined();
    expect(await ask(userId, b, { questionBytesPerDay: 10, text: "éé abc" })).toBeUndefined();
    expect(await ask(userId, b, { questionsPerDay: 2, questionBytesPerDay: 10, text: "éé ab" })).toBeUndefined();
    expect(await ask(userId, b, { questionsPerDay: 2, questionBytesPerDay: 10, text: "éé a" })).toBeDefined();
    expect(await ask(userId, c, { questionsPerDay: 2 })).toBeUndefined();
    expect(await usage(userId)).toMatchObject({ questions: 2, questionBytes: 10 });
    expect(await suite.database.db.$count(messages, eq(messages.userId, userId))).toBe(2);
    expect(await ask(userId, c, { questionsPerDay: 3 })).toBeDefined();
  });

  it("is not given back by deleting, and begins again with the next day of UTC", async () => {
    const { userId, dialogIds } = await person(2);
    const [a = 0, b] = dialogIds;
    await ask(userId, a, { questionsPerDay: 1 });
    await suite.statements.deleteDialog({ userId, dialogId: a });
    expect(await ask(userId, b, { questionsPerDay: 1 })).toBeUndefined();
    const resetsAt = (await usage(userId))?.resetsAt.getTime() ?? 1;
    expect(resetsAt % (24 * 3_600_000)).toBe(0);
    expect(resetsAt - Date.now()).toBeLessThanOrEqual(24 * 3_600_000);
    await suite.database.db
      .update(usageDaily)
      .set({ day: sql`day - 1` })
      .where(eq(usageDaily.userId, userId));
    expect(await ask(userId, b, { questionsPerDay: 1 })).toBeDefined();
  });

  it("counts the tokens that workers report, once, and refuses questions and retries beyond them", async () => {
    const { userId, dialogIds } = await person(1);
    const [dialogId] = dialogIds;
    await ask(userId, dialogId, { tokensPerDay: 1 });
    const answer = await complete({ input_tokens: 70, output_tokens: 30 });
    expect(await suite.statements.completeRun(answer)).toBeUndefined();
    expect(await usage(userId)).toMatchObject({ inputTokens: 70, outputTokens: 30 });
    expect(await ask(userId, dialogId, { tokensPerDay: 100 })).toBeUndefined();
    const run = await ask(userId, dialogId, { tokensPerDay: 101 });
    await suite.statements.failRun({ ...(await claim()), ...failure });
    const retry = (tokensPerDay: number) =>
      suite.statements.insertRetry({
        ...anyRetry,
        runId: run?.runId ?? 0,
        userId,
        quotas: { ...ampleQuotas, tokensPerDay },
      });
    expect(await retry(100)).toBeUndefined();
    expect(await retry(101)).toBeDefined();
    await complete({ output_tokens: 5 });
    await ask(userId, dialogId);
    await complete();
    expect(await usage(userId)).toMatchObject({ questions: 3, inputTokens: 70, outputTokens: 35 });
  });

  it("of questions is not taken by a retry, but a question has only so many runs", async () => {
    const { userId, dialogIds } = await person(1);
    const question = await ask(userId, dialogIds[0], { questionsPerDay: 1 });
    let runId = question?.runId ?? 0;
    const opened: boolean[] = [];
    for (let n = 0; n < 3; n += 1) {
      await suite.statements.requestCancel({ runId, userId });
      await suite.statements.reapRuns({ limit: 9, cancelGraceMs: 0 });
      const again = await suite.statements.insertRetry({ ...anyRetry, runId, userId, maxRuns: 3 });
      opened.push(again !== undefined);
      runId = again?.runId ?? runId;
    }
    expect(opened).toEqual([true, true, false]);
    expect(await usage(userId)).toMatchObject({ questions: 1 });
    expect(await suite.statements.countRunsOfQuestion(question?.questionId ?? 0)).toBe(3);
    expect(await suite.database.db.$count(runs, eq(runs.dialogId, dialogIds[0] ?? 0))).toBe(3);
  });

  it("of a dialog leaves room for the answer, and holds for messages that nobody asked for", async () => {
    const { userId, dialogIds } = await person(1);
    const [dialogId = 0] = dialogIds;
    const reply = (text: string) =>
      suite.statements.storeReply({
        dialogId,
        userId,
        text,
        messagesPerDialog: 3,
        assistantIds: null,
        scopes: serviceKeyScopes,
      });
    expect(await ask(userId, dialogId, { messagesPerDialog: 1 })).toBeUndefined();
    expect(await ask(userId, dialogId, { messagesPerDialog: 3 })).toBeDefined();
    await complete();
    expect(await ask(userId, dialogId, { messagesPerDialog: 3 })).toBeUndefined();
    expect(await suite.statements.findSendConflict({ dialogId, userId, clientMessageId: null })).toMatchObject({
      messageCount: 2,
      openRunId: null,
    });
    expect(await reply("unasked")).toMatchObject({ kind: "unsolicited" });
    expect(await reply("unasked")).toEqual({ kind: "repeated" });
    expect(await reply("another")).toEqual({ kind: "dialog_full", limit: 3 });
  });

  it("of a dialog leaves room for the answer to a question that is asked again", async () => {
    const { userId, dialogIds } = await person(1);
    const run = await ask(userId, dialogIds[0]);
    await suite.statements.failRun({ ...(await claim()), ...failure });
    const retry = (messagesPerDialog: number) => {
      const quotas = { ...ampleQuotas, messagesPerDialog };
      return suite.statements.insertRetry({ ...anyRetry, runId: run?.runId ?? 0, userId, quotas });
    };
    expect(await retry(1)).toBeUndefined();
    expect(await retry(2)).toBeDefined();
  });

  it("of one person replaces that of everybody", async () => {
    const { userId, dialogIds } = await person(3);
    const [a, b, c] = dialogIds;
    const own = { questionsPerDay: 2, tokensPerDay: 1, questionBytesPerDay: 8, messagesPerDialog: 2 };
    await suite.database.db.update(users).set(own).where(eq(users.userId, userId));
    expect(await usage(userId)).toMatchObject({ quotas: own });
    expect(await ask(userId, a, { questionsPerDay: 0, messagesPerDialog: 0 })).toBeDefined();
    expect(await ask(userId, b, { tokensPerDay: 0, questionBytesPerDay: 0 })).toBeDefined();
    expect(await ask(userId, c)).toBeUndefined();
  });

  it.each(["questions_per_day", "question_bytes_per_day", "tokens_per_day", "messages_per_dialog"])(
    "of one person is not negative: %s",
    async (column) => {
      const { userId } = await makeUser(suite.statements);
      const broken = suite.database.db.execute(`update users set ${column} = -1 where user_id = ${userId}`);
      await expect(broken).rejects.toMatchObject({ cause: { code: "23514" } });
    },
  );

  it("of long ago is forgotten", async () => {
    const { userId, dialogIds } = await person(1);
    await ask(userId, dialogIds[0]);
    await suite.database.db.insert(usageDaily).values({ userId, day: sql`(now() at time zone 'utc')::date - 9` });
    await suite.statements.pruneUsage(8);
    expect(await suite.database.db.$count(usageDaily, eq(usageDaily.userId, userId))).toBe(1);
  });
});

describePostgres("a quota that is asked for in parallel", () => {
  const suite = useDatabase("postgres");
  const { person, ask, usage } = tools(suite);

  it.each([0, 1, 37, 199])("of %i questions admits exactly that many of 200", async (questionsPerDay) => {
    const { userId, dialogIds } = await person(200);
    const asked = await Promise.all(dialogIds.map((dialogId) => ask(userId, dialogId, { questionsPerDay })));
    expect(asked.filter((run) => run !== undefined)).toHaveLength(questionsPerDay);
    expect((await usage(userId))?.questions).toBe(questionsPerDay);
    expect(await suite.database.db.$count(messages, eq(messages.userId, userId))).toBe(questionsPerDay);
  });

  it("is taken once by 20 sends of one message", async () => {
    const { userId, dialogIds } = await person(1);
    const clientMessageId = "0d5a3c52-6a1c-4f7e-8c8e-51a3f9f1b001";
    const asked = await Promise.all(
      Array.from({ length: 20 }, () =>
        ask(userId, dialogIds[0], { clientMessageId }).catch((error: unknown) => {
          expect(databaseErrorCode(error)).toBe(uniqueViolation);
          return undefined;
        }),
      ),
    );
    expect(asked.filter((run) => run !== undefined)).toHaveLength(1);
    expect(await usage(userId)).toMatchObject({ questions: 1, questionBytes: 4 });
  });

  it("gets along with the deletion of the account: no deadlock, and nothing is left", async () => {
    for (let round = 0; round < 20; round += 1) {
      const { userId, dialogIds } = await person(4);
      const [deleted] = await Promise.all([
        suite.statements.deleteUser(userId),
        ...dialogIds.map((dialogId) => ask(userId, dialogId)),
      ]);
      expect(deleted).toBeDefined();
      expect(await suite.database.db.$count(usageDaily, eq(usageDaily.userId, userId))).toBe(0);
    }
  });
});
