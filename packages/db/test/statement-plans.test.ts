import { serviceKeyScopes } from "@deepbot/contract";
import { sql } from "drizzle-orm";
import postgres from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createStatements, openDatabase, type Database } from "../src/index.ts";
import {
  anyQuestion,
  createTestPostgres,
  describePostgres,
  makeDialog,
  type TestPostgres,
} from "../src/testing/index.ts";

interface Statement {
  sql: string;
  params: unknown[];
}

/** The part of Drizzle's session through which every statement goes. */
interface Session {
  prepareQuery: (...args: [Statement, unknown, string | undefined, ...unknown[]]) => unknown;
}

interface Plan {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Index Cond"?: string;
  Plans?: Plan[];
}

/** Reads of whole tables that are right, and why. */
const exceptions: ReadonlySet<string> = new Set([
  // All open runs are meant, and the indexes hold no others.
  "count_open_runs: runs by runs_deadline_idx",
  "count_open_runs: runs by runs_one_open_per_dialog",
  "list_pending_messages: runs by runs_deadline_idx",
  "list_pending_messages: runs by runs_one_open_per_dialog",
  // All assistants are meant, and their number is bounded.
  "list_assistants: assistants by assistants_pkey",
  "count_claimable: assistants by assistants_pkey",
  "count_assistants: assistants",
  // All keys are meant, and they are few.
  "count_service_keys: service_keys",
  "list_live_service_keys: service_keys",
  "list_service_keys: service_keys",
  "release_ended_leases: service_keys",
  // It looks at them only after a key has ended, and the index holds running runs alone.
  "release_ended_leases: runs by runs_lease_idx",
  // Only when an operator has changed a key.
  "release_unfit_leases: runs by runs_lease_idx",
  "list_assistant_loads: runs by runs_deadline_idx",
  "list_assistant_loads: runs by runs_one_open_per_dialog",
  // So are all assistants, and all workers that are there: few rows.
  "list_assistant_loads: assistants",
  "list_assistant_loads: assistants by assistants_pkey",
  "list_assistant_loads: assistants by assistants_slug_key",
  "list_assistant_loads: assistants by assistants_pkey",
  "list_coverages: workers",
  "count_workers: workers",
  "list_workers: workers",
  "prune_workers: workers",
  // All active webhooks are meant, and all webhooks. Operators make them; they are few.
  "list_active_webhooks: webhooks by webhooks_pkey",
  "drop_due_deliveries: webhooks by webhooks_pkey",
  "prune_webhook_deliveries: webhooks by webhooks_pkey",
  // It steps from run to run, one entry at a time.
  "prune_deltas: run_deltas by run_deltas_pkey",
]);

/** Tables and indexes that a plan reads from end to end. */
function wholeReads(plan: Plan): string[] {
  const table = plan["Relation Name"] ?? "";
  const isIndexScan = /^Index (Only )?Scan/.test(plan["Node Type"]) && plan["Index Cond"] === undefined;
  const own =
    plan["Node Type"] === "Seq Scan" ? [table] : isIndexScan ? [`${table} by ${plan["Index Name"] ?? ""}`] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(wholeReads)];
}

/** A thousand people in their dialogs, whose messages were stored alternately: those of one dialog lie far apart. */
const fill = [
  `insert into users (mail, google_id) select 'm', 'person ' || n from generate_series(1, 1000) as n`,
  `insert into sessions (user_id, expires_at, revoked_at)
    select user_id, now() + n * interval '1 day', case n % 3 when 0 then now() - n * interval '1 day' end
    from users, generate_series(-10, 10) as n`,
  `insert into workers (key_id, name) select 'environment', 'worker ' || n from generate_series(1, 1000) as n`,
  `insert into usage_daily (user_id, day, questions) select user_id, current_date - n, 1 from users, generate_series(0, 9) as n`,
  `insert into user_start_tags (user_id, start_tag) select user_id, 1 from users`,
  `insert into service_keys (name, hash, prefix, scopes, created_by)
    select 'a key', encode(sha256(n::text::bytea), 'hex'), 'x', '{runs}', null from generate_series(1, 1000) as n`,
  `insert into personal_tokens (user_id, name, hash, prefix)
    select user_id, 'a token', encode(sha256(user_id::text::bytea), 'hex'), 'x' from users`,
  `insert into spent_tokens (hash, expires_at) select 'hash ' || n, now() + n * interval '1 minute' from generate_series(-500, 500) as n`,
  `insert into audit_events (at, kind) select now() - n * interval '1 hour', 'signed_in' from generate_series(1, 2000) as n`,
  `insert into assistants (slug, name) select 'assistant-' || n, 'x' from generate_series(2, 500) as n`,
  `insert into dialogs (user_id, dialog_name, last_seq) select user_id, 'a dialog', 20 from users`,
  `insert into messages (dialog_id, user_id, content, seq)
    select dialog_id, case n % 2 when 1 then user_id else 1 end, repeat('x', 200), n from generate_series(1, 20) as n, dialogs`,
  `insert into webhooks (assistant_id, url, events, secrets)
    select n, 'https://receiver' || n || '.example/', '{run.ended}', '{whsec_s}' from generate_series(2, 500) as n`,
  `insert into webhook_deliveries (webhook_id, event, run_id, due_at, ended_at)
    select webhook_id, 'run.ended', n, case n % 9 when 0 then now() end, case n % 9 when 0 then null else now() end
    from webhooks, generate_series(1, 50) as n`,
  `analyze`,
  `insert into runs (dialog_id, question_id, answer_id, state, max_attempts, attempt, deadline_at, ended_at, start_tag)
    select question.dialog_id, question.message_id, answer.message_id, 'completed', 3, 1, now(), now(), question.seq
    from messages as question join messages as answer
      on answer.dialog_id = question.dialog_id and answer.seq = question.seq + 1 and question.seq % 2 = 1`,
  `insert into run_deltas (run_id, epoch, seq, text) select run_id, 1, n, 'x' from runs, generate_series(1, 3) as n`,
];

describePostgres("every statement", () => {
  let server: TestPostgres;
  let database: Database;
  let connection: postgres.Sql;
  const found = new Map<string, Statement>();
  beforeAll(async () => {
    server = await createTestPostgres();
    database = await openDatabase({ engine: "postgres", url: server.url, maxConnections: 1 });
    connection = postgres(server.url, { max: 1 });
    const { session } = database.db._ as unknown as { session: Session };
    // Transactions have a session of their own, of the same class.
    const restore = [session, Object.getPrototypeOf(session) as Session].map((each) => {
      const { prepareQuery } = each;
      each.prepareQuery = function seen(...args) {
        found.set(args[2] ?? args[0].sql, args[0]);
        return prepareQuery.apply(this, args);
      };
      return () => {
        each.prepareQuery = prepareQuery;
      };
    });
    const statements = createStatements(database.db);
    // What runs in transactions is built with each call.
    const dialog = await makeDialog(statements);
    for (const text of ["unasked", "unasked"])
      await statements.storeReply({
        ...dialog,
        text,
        messagesPerDialog: 9,
        assistantIds: null,
        scopes: serviceKeyScopes,
      });
    const unasked = { ...dialog, text: "unasked", messagesPerDialog: 9, assistantIds: null };
    await statements.storeReply({ ...unasked, scopes: ["push"] });
    const { userId } = dialog;
    const secret = { name: "a key", hash: "0".repeat(64), prefix: "x", lifetimeMs: null };
    const key = await statements.insertServiceKey({
      ...secret,
      scopes: [],
      assistantIds: null,
      createdBy: userId,
      limit: 9,
    });
    await statements.updateServiceKey(key?.keyId ?? "", { lifetimeMs: 1 });
    await statements.insertPersonalToken({ ...secret, userId, limit: 9 });
    await statements.deleteUser(userId);
    await statements.insertWebhook({
      slug: "deepbot",
      url: "https://a.example/",
      events: ["run.ended"],
      secret: "s",
      limit: 1,
    });
    restore.forEach((undo) => undo());
    for (const statement of fill) await connection.unsafe(statement);
    for (let n = 0; n < 50; n += 1) {
      const open = await makeDialog(statements);
      await statements.insertQuestion({ ...anyQuestion, ...open, text: "open" });
    }
    await connection`analyze`;
    // Those of the server's connections decide about plans too.
    const settings = await database.db
      .select({ name: sql<string>`name`, value: sql<string>`setting` })
      .from(sql`pg_settings`)
      .where(sql`source = 'client' and name in ('enable_seqscan', 'random_page_cost', 'jit')`);
    expect(settings).toHaveLength(3);
    for (const { name, value } of settings) await connection`select set_config(${name}, ${value}, false)`;
    await connection`set plan_cache_mode = force_generic_plan`;
  });
  afterAll(async () => {
    await connection.end();
    await database.close();
    await server.drop();
  });

  it("finds its rows by an index, however the messages of a dialog are scattered", async () => {
    expect(found.size).toBeGreaterThan(50);
    const reads: string[] = [];
    for (const [name, { sql: text, params }] of found) {
      await connection.unsafe(`prepare checked as ${text}`);
      const values = params.length === 0 ? "" : `(${params.map(() => "null").join(", ")})`;
      const [row] = await connection.unsafe<{ "QUERY PLAN": [{ Plan: Plan }] }[]>(
        `explain (format json) execute checked${values}`,
      );
      await connection.unsafe("deallocate checked");
      if (row !== undefined) reads.push(...wholeReads(row["QUERY PLAN"][0].Plan).map((read) => `${name}: ${read}`));
    }
    expect([...new Set(reads)].filter((read) => !exceptions.has(read))).toEqual([]);
  });
});
