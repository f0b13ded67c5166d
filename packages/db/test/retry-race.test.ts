import postgres from "postgres";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { createStatements, type Database, environmentKeyId, openDatabase, type Statements } from "../src/index.ts";
import {
  anyClaim,
  anyRetry,
  createTestPostgres,
  describePostgres,
  findViolations,
  makeRun,
  noViolations,
} from "../src/testing/index.ts";
import type { TestPostgres } from "../src/testing/index.ts";

describePostgres("asking again", () => {
  let server: TestPostgres;
  let database: Database;
  let statements: Statements;
  let blocker: postgres.Sql;
  beforeAll(async () => {
    server = await createTestPostgres();
    database = await openDatabase({ engine: "postgres", url: server.url });
    statements = createStatements(database.db);
    blocker = postgres(server.url, { max: 2 });
  });
  afterAll(async () => {
    await blocker.end();
    await database.close();
    await server.drop();
  });

  const failedRun = async () => {
    const { runId, userId, dialogId } = await makeRun(statements);
    const [claimed] = await statements.claimRuns(anyClaim);
    const lease = { runId, leaseToken: claimed?.leaseToken ?? "", keyId: environmentKeyId };
    const failure = { errorCode: "broken", errorMessage: "", retry: false, backoffMs: 0 };
    expect(await statements.failRun({ ...lease, ...failure })).toMatchObject({ state: "failed" });
    return { dialogId, lease, retry: { ...anyRetry, runId, userId } };
  };

  const waiting = async (): Promise<number> => {
    const rows =
      await blocker`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
    return rows.length;
  };

  /** Runs both statements so that they decide in this order, each with a view of before the other. */
  async function race(dialogId: number, first: () => Promise<unknown>, second: () => Promise<unknown>): Promise<void> {
    await blocker.begin(async (held) => {
      await held`select 1 from dialogs where dialog_id = ${dialogId} for update`;
      const outcomes = [first()];
      await vi.waitFor(async () => expect(await waiting()).toBe(1));
      outcomes.push(second());
      await vi.waitFor(async () => expect(await waiting()).toBe(2));
      return { outcomes };
    });
  }

  it("does not open a run beside the late answer that came before it", async () => {
    const { dialogId, lease, retry } = await failedRun();
    let retried: unknown = "nothing yet";
    await race(
      dialogId,
      () => statements.completeRun({ ...lease, text: "after all", usage: null }),
      async () => {
        retried = await statements.insertRetry(retry);
      },
    );
    await vi.waitFor(() => expect(retried).toBeUndefined());
    expect(await statements.findRun(retry)).toMatchObject({ state: "completed", answerText: "after all" });
    expect(await findViolations(database.db)).toEqual(noViolations);
  });

  it("of two at once opens one run", async () => {
    const { dialogId, retry } = await failedRun();
    const opened: unknown[] = [];
    const ask = async (): Promise<void> => {
      opened.push(await statements.insertRetry(retry));
    };
    await race(dialogId, ask, ask);
    await vi.waitFor(() => expect(opened).toHaveLength(2));
    expect(opened.filter((run) => run !== undefined)).toHaveLength(1);
    expect(await findViolations(database.db)).toEqual(noViolations);
  });
});
