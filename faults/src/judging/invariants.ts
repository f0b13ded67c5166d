import { findViolations, sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import type { Inspector } from "../cluster/database.ts";
import type { Ledger } from "./ledger.ts";

interface Found {
  what: string;
}

type Query = ReturnType<typeof sql>;

/** I1: every question that got a 2xx is stored once, under its id, with its text. */
function lostReceipts({ receipts }: Ledger): Query {
  return sql`
    select 'I1 receipt ' || given.client_message_id || ' of dialog ' || given.dialog_id as what
    from json_to_recordset(${JSON.stringify(
      receipts.map((receipt) => ({
        dialog_id: receipt.dialogId,
        user_id: receipt.userId,
        client_message_id: receipt.clientMessageId,
        content: receipt.text,
        message_id: receipt.questionId,
        run_id: receipt.runId,
      })),
    )}::json) as given(
      dialog_id bigint, user_id bigint, client_message_id uuid, content text, message_id bigint, run_id bigint
    )
    where (
      select count(*) from messages join runs on runs.question_id = messages.message_id
      where messages.dialog_id = given.dialog_id and messages.client_message_id = given.client_message_id
        and messages.user_id = given.user_id and messages.content = given.content
        and messages.message_id = given.message_id and runs.run_id = given.run_id
    ) <> 1`;
}

const checks: Record<string, Query> = {
  "I2 open run after quiet": sql`
    select 'run ' || run_id || ' is ' || state as what from runs where ended_at is null`,
  "I2 question without its one outcome": sql`
    select 'message ' || message_id as what from messages
    where user_id <> 1 and (select count(*) from runs where question_id = message_id) <> 1`,
  "I2 answer that no run owns, or a second one": sql`
    select 'message ' || message_id as what from messages
    where user_id = 1 and (select count(*) from runs where answer_id = message_id) <> 1`,
  "I3 answer not straight after its question": sql`
    select 'run ' || runs.run_id as what from runs
    join messages as question on question.message_id = question_id
    join messages as answer on answer.message_id = answer_id
    where answer.seq <> question.seq + 1 or answer.dialog_id <> question.dialog_id`,
  "I4 message of a stranger": sql`
    select 'message ' || message_id as what from messages join dialogs using (dialog_id)
    where messages.user_id not in (1, dialogs.user_id)`,
  "I4 run across dialogs": sql`
    select 'run ' || runs.run_id as what from runs join messages on message_id = question_id
    where messages.dialog_id <> runs.dialog_id`,
  "I4 answer to somebody else's question": sql`
    select 'run ' || runs.run_id as what from runs
    join messages as question on question.message_id = question_id
    join messages as answer on answer.message_id = answer_id
    where answer.content like 'answer to %' and not starts_with(answer.content, 'answer to ' || question.content || ':')`,
  "I6 lease that ran out": sql`
    select 'run ' || run_id as what from runs where state = 'running' and lease_until < now() - interval '3 seconds'`,
  "row without its dialog": sql`
    select 'run ' || run_id as what from runs where not exists (select 1 from dialogs where dialogs.dialog_id = runs.dialog_id)
    union all
    select 'message ' || message_id from messages
    where not exists (select 1 from dialogs where dialogs.dialog_id = messages.dialog_id)`,
};

/** Waits until no run is open. Does not throw on a timeout: the check that follows reports it. */
export async function waitForQuiet(inspector: Inspector, limitMs: number): Promise<void> {
  const isQuiet = async (): Promise<boolean> =>
    (await inspector.rows(sql`select 1 from runs where ended_at is null limit 1`)).length === 0;
  await until("no run is open", isQuiet, limitMs).catch(() => {});
}

/** Every broken promise, in words; empty when there is none. */
export async function findBrokenPromises(inspector: Inspector, ledger: Ledger): Promise<string[]> {
  const broken = [...ledger.faults];
  broken.push(...(await inspector.rows<Found>(lostReceipts(ledger))).map(({ what }) => what));
  for (const [name, query] of Object.entries(checks)) {
    const found = await inspector.rows<Found>(query);
    broken.push(...found.slice(0, 5).map(({ what }) => `${name}: ${what} (${found.length} in all)`));
  }
  const violations = Object.entries(await findViolations(inspector.db));
  for (const [name, dialogs] of violations) {
    if (dialogs.length > 0) broken.push(`${name}: dialogs ${dialogs.slice(0, 10).join(", ")}`);
  }
  return broken;
}
