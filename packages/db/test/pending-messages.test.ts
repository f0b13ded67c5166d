import { serviceKeyScopes } from "@deepbot/contract";
import { sql } from "drizzle-orm";
import { afterEach, expect, it } from "vitest";
import { anyClaim, anyQuestion, describeEachEngine, makeRun, useDatabase } from "../src/testing/index.ts";

describeEachEngine("the list of open questions", (engine) => {
  const suite = useDatabase(engine);
  afterEach(async () => {
    await suite.database.db.execute(sql`delete from dialogs`);
  });

  const ample = { assistantIds: null, maxBytes: 1_000, dialogMaxBytes: 1_000, maxDialogs: 100, maxEarlier: 100 };
  const list = async (limits: Partial<typeof ample> = {}) => {
    const rows = await suite.statements.listPendingMessages({ ...ample, ...limits });
    return rows.map(({ content }) => content);
  };
  /** A dialog in which all questions but the last are answered. */
  const dialogOf = async (first: string, ...others: string[]) => {
    const dialog = await makeRun(suite.statements, { text: first });
    for (const text of others) {
      const claimed = await suite.statements.claimRuns({ ...anyClaim, max: 100 });
      for (const run of claimed) {
        if (run.dialogId !== dialog.dialogId) await suite.statements.releaseRun(run);
        else await suite.statements.completeRun({ ...run, text: "an answer", usage: null });
      }
      await suite.statements.insertQuestion({ ...anyQuestion, ...dialog, text });
    }
    return dialog;
  };

  it("has the person's earlier questions before each, and no dialog that awaits nothing", async () => {
    const { userId, dialogId } = await dialogOf("a1", "a2", "a3");
    await dialogOf("b1");
    const answered = await dialogOf("c1");
    await suite.statements.storeReply({
      ...answered,
      text: "an answer",
      messagesPerDialog: 100,
      assistantIds: null,
      scopes: serviceKeyScopes,
    });
    expect(await suite.statements.listPendingMessages(ample)).toMatchObject([
      { userId, dialogId, content: "a1" },
      { userId, dialogId, content: "a2" },
      { userId, dialogId, content: "a3" },
      { content: "b1" },
    ]);
  });

  it("is cut by dialogs and by bytes: questions that wait longest first, then what came before them", async () => {
    await dialogOf("a1", "a2", "a3");
    await dialogOf("b1", "b2");
    expect(await list({ maxDialogs: 1 })).toEqual(["a1", "a2", "a3"]);
    expect(await list({ maxEarlier: 1 })).toEqual(["a2", "a3", "b1", "b2"]);
    expect(await list({ dialogMaxBytes: 3 })).toEqual(["a2", "a3", "b1", "b2"]);
    expect(await list({ maxBytes: 9 })).toEqual(["a1", "a2", "a3", "b2"]);
    expect(await list({ maxBytes: 7 })).toEqual(["a2", "a3", "b2"]);
    expect(await list({ maxBytes: 3 })).toEqual(["a3"]);
    expect(await list({ maxBytes: 1 })).toEqual(["a3"]);
  });
});
