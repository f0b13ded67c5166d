import { mainEngine } from "@deepbot/db/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPlatform, type Platform, type TestPerson } from "./support/platform.ts";

/** What runs by the clock, whatever is asked. */
const background = new Set([
  "reap_runs",
  "list_open_runs",
  "count_claimable",
  "list_changed_runs",
  "list_ended_sessions",
  "touch_sessions",
  "prune_deltas",
  "prune_sessions",
  "prune_spent_tokens",
  "prune_audit_events",
  "write_workers",
  "prune_workers",
  "list_queue_positions",
  "list_coverages",
  "list_active_webhooks",
  "drop_due_deliveries",
  "prune_webhook_deliveries",
]);

/** Time is no test; how often an operation goes to the database is one. */
describe("the statements of", () => {
  let platform: Platform;
  let ann: TestPerson;
  let dialog_id: number;
  beforeAll(async () => {
    platform = await createPlatform(mainEngine());
    ann = await platform.person();
    dialog_id = (await ann.dialogs.create({ dialog_name: "talk" })).dialog;
  });
  afterAll(() => platform.close());

  const statementsOf = async (operation: () => Promise<unknown>): Promise<string[]> => {
    platform.statementLog.length = 0;
    await operation();
    return platform.statementLog.filter((name) => !background.has(name));
  };
  const start = (text_user: string) => ann.runs.start({ dialog_id, text_user });
  const claim = async (wait_ms = 0) => {
    const [run] = (await platform.worker.worker.claim({ worker: "w", wait_ms })).runs;
    return { run_id: run?.run_id ?? 0, lease_token: run?.lease_token ?? "" };
  };

  it.each([
    { name: "who am I", call: () => ann.auth.me(), own: [] },
    { name: "the list of dialogs", call: () => ann.dialogs.list(), own: ["list_dialogs"] },
    { name: "a dialog", call: () => ann.dialogs.get({ dialog_id }), own: ["list_messages"] },
    { name: "a page of history", call: () => ann.messages.list({ dialog_id }), own: ["list_message_page"] },
    { name: "the flag", call: () => ann.dialogs.flag({ dialog_id }), own: ["find_dialog_status"] },
  ])("$name are the session's and one more at most", async ({ call, own }) => {
    expect(await statementsOf(call)).toEqual(["find_session", ...own]);
  });

  it("a question, its claim, a piece of the answer, a heartbeat and the answer are one each", async () => {
    expect(await statementsOf(() => start("one"))).toEqual(["find_session", "insert_question"]);
    let lease = { run_id: 0, lease_token: "" };
    expect(await statementsOf(async () => (lease = await claim()))).toEqual(["claim_runs"]);
    const { append, heartbeat, complete } = platform.worker.worker;
    expect(await statementsOf(() => append({ ...lease, seq: 1, text: "yes" }))).toEqual(["insert_deltas"]);
    expect(await statementsOf(() => heartbeat(lease))).toEqual(["extend_lease"]);
    expect(await statementsOf(() => complete({ ...lease, text: "yes" }))).toEqual(["complete_run"]);
  });

  it("stores a delta that is watched in this process with one statement", async () => {
    const { run_id } = await start("watched");
    const events = (await ann.runs.watch({ run_id }))[Symbol.asyncIterator]();
    const nextId = async (): Promise<unknown> => Object.values((await events.next()).value ?? {})[0];
    expect(await nextId()).toBe("0-0");
    const lease = await claim();
    await platform.worker.worker.append({ ...lease, seq: 1, text: "first" });
    expect([await nextId(), await nextId()]).toEqual(["1-0", "1-1"]);
    let seq = 1;
    const costOfPiece = () =>
      statementsOf(async () => {
        seq += 1;
        await platform.worker.worker.append({ ...lease, seq, text: "more" });
        expect(await nextId()).toBe(`1-${seq}`);
      });
    // The first may come with a read that an earlier notification has caused.
    await expect.poll(costOfPiece).toEqual(["insert_deltas"]);
    await platform.worker.worker.complete({ ...lease, text: "first and more" });
    await events.return?.(undefined);
  });

  it("the original protocol are one each", async () => {
    await start("two");
    expect(await statementsOf(() => platform.worker.messages.pending())).toEqual(["list_pending_messages"]);
    const reply = { user_id: ann.userId, dialog_id, text_user: "yes" };
    expect(await statementsOf(() => platform.worker.messages.reply(reply))).toEqual(["answer_dialog"]);
  });

  it.each([
    ["without an id of its own", undefined],
    ["under an id of its own", "2f1d6a1e-8f7a-4b8e-9a53-0d0c5a3f7b11"],
  ])("a whole round trip of a message %s are five: the answer is delivered locally", async (_, client_message_id) => {
    const roundTrip = async () => {
      const claimed = claim(25_000);
      await expect.poll(() => platform.statementLog).toContain("claim_runs");
      const id = client_message_id === undefined ? {} : { client_message_id };
      const answered = ann.messages.send({ dialog_id, text_user: "three", ...id });
      await platform.worker.worker.complete({ ...(await claimed), text: "yes" });
      expect(await answered).toMatchObject({ answer_ai: "yes" });
    };
    expect((await statementsOf(roundTrip)).toSorted()).toEqual(
      ["claim_runs", "claim_runs", "complete_run", "find_session", "insert_question"].toSorted(),
    );
  });
});
