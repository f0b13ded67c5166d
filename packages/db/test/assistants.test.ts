import { serviceKeyScopes } from "@deepbot/contract";
import { eq, sql } from "drizzle-orm";
import { afterEach, expect, it } from "vitest";
import { databaseErrorCode, uniqueViolation, type NewAssistant } from "../src/index.ts";
import { assistants, dialogs, runs } from "../src/schema/index.ts";
import {
  anyTimes,
  ampleQuotas,
  anyQuestion,
  anyRetry,
  describeEachEngine,
  makeDialog,
  makeUser,
  useDatabase,
} from "../src/testing/index.ts";
import { useRuns } from "./use-runs.ts";

const plain: NewAssistant = {
  slug: "poet",
  name: "Poet",
  description: "",
  greeting: "",
  suggestions: ["A poem, please"],
  instructions: "Rhyme.",
  accepts: ["text"],
  answerMaxMs: null,
  answerMaxBytes: null,
  questionsPerDay: null,
};

describeEachEngine("an assistant", (engine) => {
  const suite = useDatabase(engine);
  const { claim } = useRuns(suite);
  afterEach(async () => {
    await suite.database.db.execute(sql`delete from dialogs`);
    await suite.database.db.execute(sql`delete from assistants where assistant_id <> 1`);
  });

  const make = async (values: Partial<NewAssistant> = {}) => {
    const made = await suite.statements.insertAssistant({ ...plain, ...values }, 100);
    if (made === undefined) throw new Error("The assistant could not be stored.");
    return made;
  };
  const dialogWith = async (assistantId: number, userId?: number) => {
    const owner = userId ?? (await makeUser(suite.statements)).userId;
    const dialogId = await suite.statements.insertDialog({ userId: owner, dialogName: "talk", limit: 9, assistantId });
    return { userId: owner, dialogId: dialogId ?? 0 };
  };
  const ask = (dialog: { userId: number; dialogId: number }, options: Partial<typeof anyQuestion> = {}) =>
    suite.statements.insertQuestion({ ...anyQuestion, ...dialog, ...options, text: "why?" });

  it("is one from the beginning, and gets others beside it up to the limit", async () => {
    expect(await suite.statements.listAssistants()).toMatchObject([
      { assistantId: 1, slug: "deepbot", disabledAt: null },
    ]);
    expect(await suite.statements.insertAssistant(plain, 1)).toBeUndefined();
    const poet = await make();
    expect(await suite.statements.listAssistants()).toMatchObject([{ assistantId: 1 }, { ...plain, ...poet }]);
    expect(databaseErrorCode(await make().catch((error: unknown) => error))).toBe(uniqueViolation);
  });

  it("keeps what a change does not name, and its dialogs when its slug changes", async () => {
    const poet = await make({ answerMaxMs: 5_000, questionsPerDay: 3 });
    const dialog = await dialogWith(poet.assistantId);
    const patch = { slug: "bard", questions_per_day: null, accepts: ["text", "image"], suggestions: [] };
    const changed = await suite.statements.updateAssistant("poet", patch);
    expect(changed?.before).toEqual(poet);
    expect(changed?.after).toEqual({
      ...poet,
      slug: "bard",
      questionsPerDay: null,
      accepts: ["text", "image"],
      suggestions: [],
    });
    expect(await suite.statements.updateAssistant("poet", {})).toBeUndefined();
    expect(await ask(dialog)).toMatchObject({ assistantId: poet.assistantId });
    expect(await claim({ assistantIds: [poet.assistantId] })).toMatchObject({ assistant: { slug: "bard" } });
  });

  it("that is disabled takes no question and no retry, but what is queued is still claimed; the default one stays", async () => {
    const poet = await make();
    const [asked, waiting] = [await dialogWith(poet.assistantId), await dialogWith(poet.assistantId)];
    const failed = await ask(asked);
    const lease = await claim();
    await suite.statements.failRun({ ...lease, errorCode: "x", errorMessage: "x", retry: false, backoffMs: 0 });
    const queued = await ask(waiting);
    expect(await suite.statements.disableAssistant("poet")).toMatchObject({ disabledAt: expect.any(Date) });
    expect(await ask(asked)).toBeUndefined();
    expect(await suite.statements.findSendConflict({ ...asked, clientMessageId: null })).toMatchObject({
      assistant: { isDisabled: true },
    });
    const retry = { ...anyRetry, runId: failed?.runId ?? 0, userId: asked.userId };
    expect(await suite.statements.insertRetry(retry)).toBeUndefined();
    expect(await claim({ assistantIds: [poet.assistantId] })).toMatchObject({ runId: queued?.runId });
    await suite.statements.updateAssistant("poet", { disabled_at: null });
    expect(await suite.statements.insertRetry(retry)).toMatchObject({ assistantId: poet.assistantId });
    expect(await suite.statements.disableAssistant("deepbot")).toBeUndefined();
  });

  it("gives a claim its own runs only, in the order of all, with what the asking request said", async () => {
    const [poet, clerk] = [await make(), await make({ slug: "clerk" })];
    const metadata = { locale: "ru" as const, traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
    const own = await ask(await dialogWith(poet.assistantId), { metadata });
    const foreign = await ask(await dialogWith(clerk.assistantId));
    const byDefault = await ask(await makeDialog(suite.statements));
    expect(await suite.statements.countClaimableRuns(9)).toHaveLength(3);
    expect(await claim({ assistantIds: [poet.assistantId] })).toMatchObject({
      runId: own?.runId,
      assistantId: poet.assistantId,
      assistant: { slug: "poet", instructions: "Rhyme." },
      metadata,
    });
    await expect(claim({ assistantIds: [poet.assistantId] })).rejects.toThrow("nothing to claim");
    const both = { assistantIds: [1, clerk.assistantId], max: 1 };
    const order = [await claim(both), await claim(both)].map(({ runId }) => runId);
    expect(order).toEqual([foreign?.runId, byDefault?.runId]);
  });

  it("may set an earlier deadline than the platform, not a later one, for retries too", async () => {
    const poet = await make({ answerMaxMs: 20_000 });
    const lengthOf = (run?: { createdAt: Date; deadlineAt: Date }) =>
      Math.round(((run?.deadlineAt.getTime() ?? 0) - (run?.createdAt.getTime() ?? 0)) / 5_000) * 5_000;
    const dialog = await dialogWith(poet.assistantId);
    const run = await ask(dialog);
    expect(lengthOf(run)).toBe(20_000);
    expect(lengthOf(await ask(await dialogWith(poet.assistantId), { deadlineMs: 10_000 }))).toBe(10_000);
    const lease = await claim();
    await suite.statements.failRun({ ...lease, errorCode: "x", errorMessage: "x", retry: false, backoffMs: 0 });
    const again = await suite.statements.insertRetry({ ...anyRetry, runId: lease.runId, userId: lease.userId });
    const [row] = await suite.database.db
      .select()
      .from(runs)
      .where(eq(runs.runId, again?.runId ?? 0));
    expect(lengthOf(row)).toBe(20_000);
  });

  it("limits the length of an answer, streamed or whole", async () => {
    const poet = await make({ answerMaxBytes: 4 });
    await ask(await dialogWith(poet.assistantId));
    const lease = await claim();
    const delta = (seq: number, text: string) => ({ ...lease, seq, text, leaseMs: 1_000 });
    const outcomes = await suite.statements.insertDeltas([delta(1, "éé"), delta(2, "x")], {
      ...anyTimes,
      maxBytes: 1_000,
    });
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["stored", "too_long"]);
    expect(await suite.statements.completeRun({ ...lease, text: "ééx", usage: null })).toBeUndefined();
    expect(await suite.statements.findReportedRun(lease.runId)).toMatchObject({ state: "running", answerMaxBytes: 4 });
    expect(await suite.statements.completeRun({ ...lease, text: "éé", usage: null })).toBeDefined();
  });

  it("counts the questions of each person in a day; deleting gives none back", async () => {
    const poet = await make({ questionsPerDay: 1 });
    const dialog = await dialogWith(poet.assistantId);
    const other = await dialogWith(poet.assistantId, dialog.userId);
    expect(await ask(dialog)).toBeDefined();
    expect(await ask(other)).toBeUndefined();
    expect(await suite.statements.findSendConflict({ ...other, clientMessageId: null })).toMatchObject({
      assistant: { isDisabled: false, questions: { limit: 1, used: 1 } },
    });
    await suite.statements.deleteDialog(dialog);
    expect(await ask(other)).toBeUndefined();
    expect(await ask(await dialogWith(1, dialog.userId))).toBeDefined();
    expect(await ask(await dialogWith(poet.assistantId))).toBeDefined();
    const usage = await suite.statements.findUsage({ userId: dialog.userId, quotas: ampleQuotas });
    expect(usage).toMatchObject({ questions: 2 });
    await suite.database.db.execute(sql`update assistant_usage_daily set day = day - 1`);
    expect(await ask(other)).toBeDefined();
    await suite.statements.pruneUsage(0);
    const counted = sql<number>`(select count(*) from assistant_usage_daily where day < current_date)`.mapWith(Number);
    expect(await suite.database.db.select({ counted }).from(sql`(values (1)) as once`)).toEqual([{ counted: 0 }]);
  });

  it("is asked no more than its limit by questions at the same moment", async () => {
    const poet = await make({ questionsPerDay: 3 });
    const { userId } = await makeUser(suite.statements);
    const own = [];
    for (let n = 0; n < 8; n += 1) own.push(await dialogWith(poet.assistantId, userId));
    const asked = await Promise.all(own.map((dialog) => ask(dialog)));
    expect(asked.filter((run) => run !== undefined)).toHaveLength(3);
  });

  it("takes over a dialog that awaits nothing, and later questions go to it", async () => {
    const poet = await make();
    const dialog = await makeDialog(suite.statements);
    await ask(dialog);
    const move = (values: object = {}) => suite.statements.moveDialog({ ...dialog, assistant: "poet", ...values });
    expect(await move()).toBeUndefined();
    await suite.statements.completeRun({ ...(await claim()), text: "because", usage: null });
    expect(await move({ userId: dialog.userId + 1 })).toBeUndefined();
    expect(await move({ assistant: "nobody" })).toBeUndefined();
    expect(await move()).toBe("test dialog");
    expect(await ask(dialog)).toMatchObject({ assistantId: poet.assistantId });
    await suite.statements.disableAssistant("poet");
    expect(
      await suite.statements.moveDialog({ ...(await makeDialog(suite.statements)), assistant: "poet" }),
    ).toBeUndefined();
  });

  it("shows workers of the original protocol its own questions only, and takes their replies there only", async () => {
    const [poet, clerk] = [await make(), await make({ slug: "clerk" })];
    const dialog = await dialogWith(poet.assistantId);
    await ask(dialog);
    const limits = { maxBytes: 1_000, dialogMaxBytes: 1_000, maxDialogs: 9, maxEarlier: 9 };
    const pending = (assistantIds: number[] | null) =>
      suite.statements.listPendingMessages({ ...limits, assistantIds });
    expect(await pending([clerk.assistantId, 1])).toEqual([]);
    expect(await pending([poet.assistantId])).toMatchObject([{ dialogId: dialog.dialogId }]);
    const reply = (assistantIds: number[] | null) =>
      suite.statements.storeReply({
        ...dialog,
        text: "so",
        messagesPerDialog: 100,
        scopes: serviceKeyScopes,
        assistantIds,
      });
    expect(await reply([clerk.assistantId])).toEqual({ kind: "foreign_assistant" });
    expect(await reply([poet.assistantId])).toMatchObject({ kind: "completed", assistantId: poet.assistantId });
    expect(await reply([clerk.assistantId])).toEqual({ kind: "foreign_assistant" });
    expect(await reply(null)).toEqual({ kind: "repeated" });
  });

  it("is the default one in rows of a server of the version before, which names none", async () => {
    const { userId } = await makeUser(suite.statements);
    const [dialog] = await suite.database.db
      .insert(dialogs)
      .values({ userId, dialogName: "old", statusFlag: true, lastSeq: 1 })
      .returning();
    await suite.database.db.execute(sql`
      with question as (
        insert into messages (dialog_id, user_id, content, seq) values (${dialog?.dialogId ?? 0}, ${userId}, 'x', 1)
        returning dialog_id, message_id
      )
      insert into runs (dialog_id, question_id, max_attempts, deadline_at)
      select dialog_id, message_id, 3, now() + interval '1 minute' from question`);
    expect(await claim({ assistantIds: [1] })).toMatchObject({
      assistantId: 1,
      assistant: { slug: "deepbot", instructions: "" },
      metadata: null,
    });
  });

  it("that is the default one keeps its slug and stays enabled, whoever writes", async () => {
    const write = (values: object) =>
      suite.database.db
        .update(assistants)
        .set(values)
        .where(eq(assistants.assistantId, 1))
        .then(
          () => "written",
          () => "refused",
        );
    expect(await write({ slug: "other" })).toBe("refused");
    expect(await write({ disabledAt: new Date() })).toBe("refused");
  });
});
