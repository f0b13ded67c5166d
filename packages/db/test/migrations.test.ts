import { serviceKeyScopes } from "@deepbot/contract";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createStatements } from "../src/statements/index.ts";
import { botGoogleId, botUserId, dialogs, messages, runs, users } from "../src/schema/index.ts";
import { describePostgres, findViolations, newSignIn, noViolations } from "../src/testing/index.ts";
import { openEmpty, type EmptyDatabase } from "./empty-database.ts";
import { originalSchema } from "./original-schema.ts";

function suite(engine: "memory" | "postgres"): void {
  describe("an empty database", () => {
    let empty: EmptyDatabase;
    beforeAll(async () => {
      empty = await openEmpty(engine);
      await empty.database.migrate();
    });
    afterAll(() => empty.drop());

    it("gets the bot with id 1, and the first person another id", async () => {
      const { db } = empty.database;
      expect(await db.select({ id: users.userId, googleId: users.googleId }).from(users)).toEqual([
        { id: botUserId, googleId: botGoogleId },
      ]);
      const signIn = { ...newSignIn, googleId: "first", mail: "first@example.com" };
      expect(await createStatements(db).upsertUserWithSession(signIn)).toMatchObject({ kind: "opened", userId: 2 });
    });

    it("lets nobody sign in as the bot", async () => {
      const signIn = { ...newSignIn, googleId: botGoogleId, mail: "x@example.com" };
      expect(await createStatements(empty.database.db).upsertUserWithSession(signIn)).toEqual({
        kind: "refused",
        reason: "bot",
      });
    });

    it("is migrated again without effect, by several processes at once", async () => {
      await expect(Promise.all([empty.database.migrate(), empty.database.migrate()])).resolves.toBeDefined();
    });
  });

  describe("a database of the original back end", () => {
    let adopted: EmptyDatabase;
    beforeAll(async () => {
      adopted = await openEmpty(engine);
      for (const statement of originalSchema) await adopted.database.db.execute(statement);
      await adopted.database.migrate();
    });
    afterAll(() => adopted.drop());

    it("keeps its rows, numbered within each dialog in the order of storing", async () => {
      const rows = await adopted.database.db
        .select({ dialogId: messages.dialogId, seq: messages.seq, content: messages.content })
        .from(messages)
        .orderBy(messages.messageId);
      expect(rows).toEqual([
        { dialogId: 10, seq: 1, content: "hello" },
        { dialogId: 11, seq: 1, content: "stuck question" },
        { dialogId: 10, seq: 2, content: "hello to you" },
        { dialogId: 12, seq: 1, content: "answered question" },
        { dialogId: 12, seq: 2, content: "its answer" },
      ]);
    });

    it("has its stuck flags freed, and an expired run for each question that was left", async () => {
      const { db } = adopted.database;
      expect(
        await db
          .select({ id: dialogs.dialogId })
          .from(dialogs)
          .where(sql`${dialogs.statusFlag}`),
      ).toEqual([]);
      expect(
        await db.select({ dialogId: runs.dialogId, questionId: runs.questionId, state: runs.state }).from(runs),
      ).toEqual([{ dialogId: 11, questionId: 101, state: "expired" }]);
      expect(await findViolations(db)).toEqual(noViolations);
    });

    it("takes a late answer to the question that was left", async () => {
      const statements = createStatements(adopted.database.db);
      expect(
        await statements.storeReply({
          dialogId: 11,
          userId: 7,
          text: "better late",
          messagesPerDialog: 100,
          assistantIds: null,
          scopes: serviceKeyScopes,
        }),
      ).toMatchObject({
        kind: "completed",
      });
    });

    it("keeps the bot that was made by hand, and gives new rows ids of their own", async () => {
      const { db } = adopted.database;
      const statements = createStatements(db);
      expect(
        await db
          .select({ mail: users.mail })
          .from(users)
          .where(sql`${users.userId} = 1`),
      ).toEqual([{ mail: "bot@old" }]);
      const signIn = { ...newSignIn, googleId: "new", mail: "new@example.com" };
      expect(await statements.upsertUserWithSession(signIn)).toMatchObject({ kind: "opened", userId: 8 });
      expect(await statements.insertDialog({ userId: 8, dialogName: "new one", limit: 5 })).toBe(14);
    });

    it("has no limit on a name that the original would not have had", async () => {
      const columns = await adopted.database.db.execute(
        sql`select character_maximum_length as n from information_schema.columns where table_name = 'dialogs' and column_name = 'dialog_name'`,
      );
      expect(JSON.stringify(columns)).toContain('"n":20');
    });
  });
}

describe("migrations (embedded)", () => suite("memory"));
describePostgres("migrations (PostgreSQL)", () => suite("postgres"));

describe("the migrations folder", () => {
  it("says all that the schema says", async () => {
    const packageFolder = join(import.meta.dirname, "..");
    const scratch = await mkdtemp(join(tmpdir(), "deepbot-migrations-"));
    await cp(join(packageFolder, "migrations"), scratch, { recursive: true });
    const before = await readdir(scratch);
    await promisify(execFile)(
      process.execPath,
      [
        "node_modules/drizzle-kit/bin.cjs",
        "generate",
        "--dialect=postgresql",
        "--schema=./src/schema/index.ts",
        `--out=${scratch}`,
      ],
      { cwd: packageFolder },
    );
    expect(await readdir(scratch)).toEqual(before);
    await rm(scratch, { recursive: true });
  });
});
