import { eq, sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { botUserId, users } from "../src/schema/index.ts";
import { anyClaim, anyQuestion, describePostgres, makeRun, useDatabase } from "../src/testing/index.ts";

describePostgres("rows that every run changes", () => {
  const suite = useDatabase("postgres");

  it("updates dialogs and counters without touching an index", async () => {
    const dialog = await makeRun(suite.statements);
    for (let n = 0; n < 20; n += 1) {
      const [claimed] = await suite.statements.claimRuns(anyClaim);
      if (claimed === undefined) throw new Error("There was nothing to claim.");
      const usage = { input_tokens: 1, output_tokens: 1 };
      await suite.statements.completeRun({ ...claimed, text: "an answer", usage });
      await suite.statements.insertQuestion({ ...anyQuestion, ...dialog, text: "again" });
    }
    const tables = ["dialogs", "usage_daily", "user_start_tags"];
    await expect
      .poll(
        async () => {
          const rows = await suite.database.db
            .select({
              name: sql<string>`relname`,
              cold: sql<number>`(n_tup_upd - n_tup_hot_upd)::int`,
              all: sql<number>`n_tup_upd::int`,
            })
            .from(sql`pg_stat_user_tables`)
            .where(sql`relname = any(${sql.param(tables)}::text[])`);
          return rows
            .filter(({ all, cold }) => all >= 20 && cold === 0)
            .map(({ name }) => name)
            .toSorted();
        },
        { timeout: 20_000, interval: 500 },
      )
      .toEqual(tables);
  });

  it("stores an answer while somebody holds the bot's row", async () => {
    const { runId } = await makeRun(suite.statements);
    const claimed = await suite.statements.claimRuns({ ...anyClaim, max: 9 });
    const lease = claimed.find((run) => run.runId === runId);
    if (lease === undefined) throw new Error("The run was not claimed.");
    await suite.database.db.transaction(async (tx) => {
      await tx.select().from(users).where(eq(users.userId, botUserId)).for("update");
      // Another connection: a wait for the lock would end with an error.
      expect(await suite.statements.completeRun({ ...lease, text: "an answer", usage: null })).toBeDefined();
    });
  });
});
