import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { createStatements, openDatabase, type Database, type Statements } from "../src/index.ts";
import { runs } from "../src/schema/index.ts";
import { anyClaim, createTestPostgres, describePostgres, type TestPostgres } from "../src/testing/index.ts";

describePostgres("claims beside an assistant that is offline", () => {
  let server: TestPostgres;
  let database: Database;
  let statements: Statements;
  beforeAll(async () => {
    server = await createTestPostgres();
    database = await openDatabase({ engine: "postgres", url: server.url, maxConnections: 8 });
    statements = createStatements(database.db);
  });
  afterAll(async () => {
    await database.close();
    await server.drop();
  });
  afterEach(async () => {
    await database.db.execute(sql`delete from dialogs`);
  });

  /** Queued runs of an assistant in one dialog each, behind all that are queued. */
  const insertRuns = (assistantId: number, count: number) =>
    database.db.execute(sql`
      with person as (
        insert into users (mail, google_id) values ('m', gen_random_uuid()::text) returning user_id
      ), dialog as (
        insert into dialogs (user_id, dialog_name, status_flag, last_seq, assistant_id)
        select user_id, 'a dialog', true, 1, ${assistantId} from person, generate_series(1, ${count}) returning dialog_id, user_id
      ), question as (
        insert into messages (dialog_id, user_id, content, seq) select dialog_id, user_id, 'x', 1 from dialog
        returning dialog_id, message_id
      )
      insert into runs (dialog_id, question_id, assistant_id, max_attempts, deadline_at, start_tag)
      select dialog_id, message_id, ${assistantId}, 3, now() + interval '1 hour',
        (select coalesce(max(start_tag), 0) from runs) + row_number() over (order by dialog_id)
      from question`);

  /** How many entries of each index a claim reads. */
  const entriesRead = (assistantIds: number[] | null) =>
    database.db.transaction(async (tx) => {
      const read = (index: string) => sql<number>`pg_stat_get_xact_tuples_returned(${index}::regclass)`.mapWith(Number);
      const counters = async () => {
        const columns = { byTag: read("runs_start_tag_idx"), byAssistant: read("runs_assistant_id_idx") };
        const [row] = await tx.select(columns).from(sql`(values (1)) as once`);
        return row ?? { byTag: NaN, byAssistant: NaN };
      };
      const before = await counters();
      const claimed = await createStatements(tx).claimRuns({ ...anyClaim, assistantIds, movesClock: false });
      const after = await counters();
      return {
        assistantId: claimed[0]?.assistantId,
        byTag: after.byTag - before.byTag,
        byAssistant: after.byAssistant - before.byAssistant,
      };
    });

  it.each([
    ["before", false],
    ["after", true],
  ])(
    "read no run of it, %s the planner has seen the queue; those of all assistants take the first run as ever",
    async (_, analyzed) => {
      await insertRuns(7, 5_000);
      await insertRuns(1, 1);
      if (analyzed) await database.db.execute(sql`analyze runs`);
      const restricted = await entriesRead([1, 8]);
      expect(restricted.assistantId).toBe(1);
      expect(restricted.byTag + restricted.byAssistant).toBeLessThan(20);
      const unrestricted = await entriesRead(null);
      expect(unrestricted.assistantId).toBe(7);
      expect(unrestricted.byAssistant).toBe(0);
      expect(unrestricted.byTag).toBeLessThan(20);
    },
  );

  it("give each run to one worker, and leave none over, however many claim at once", async () => {
    for (const assistantId of [1, 7, 1, 7]) await insertRuns(assistantId, 100);
    const claimed: number[] = [];
    const work = async (assistantIds: number[] | null) => {
      for (;;) {
        const taken = await statements.claimRuns({ ...anyClaim, assistantIds, max: 3, historyLimit: 1 });
        if (taken.length === 0) return;
        claimed.push(...taken.map(({ runId }) => runId));
      }
    };
    await Promise.all([work([1]), work([7]), work([1, 7]), work([7, 1]), work(null), work([7])]);
    expect(new Set(claimed).size).toBe(400);
    expect(claimed).toHaveLength(400);
    expect(await database.db.$count(runs, sql`state = 'queued'`)).toBe(0);
  });
});
