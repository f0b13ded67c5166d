import { findViolations, mainEngine, noViolations, sql } from "@deepbot/db/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createPlatform, serviceKey, type Platform } from "./support/platform.ts";
import { refusalOf } from "./support/refusal.ts";

describe("a worker", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await createPlatform(mainEngine(), { maxAttempts: 2, retryBackoffMs: 0 });
  });
  afterAll(() => platform.close());
  afterEach(async () => {
    expect(await findViolations(platform.database.db)).toEqual(noViolations);
    await platform.database.db.execute(sql`delete from dialogs`);
  });

  const ask = async (text_user = "a question") => {
    const ann = await platform.person();
    const { dialog } = await ann.dialogs.create({ dialog_name: "talk" });
    return { ann, run: await ann.runs.start({ dialog_id: dialog, text_user }) };
  };
  const claim = async (wait_ms = 0) => {
    const { runs } = await platform.worker.worker.claim({ worker: "w", wait_ms });
    return runs[0];
  };
  const claimLease = async () => {
    const run = await claim();
    return { run_id: run?.run_id ?? 0, lease_token: run?.lease_token ?? "" };
  };
  const endLease = (run_id: number) =>
    platform.database.db.execute(
      sql`update runs set lease_until = now() - interval '1 second' where run_id = ${run_id}`,
    );

  it("gets a run with the dialog so far", async () => {
    const { run } = await ask("what is it?");
    expect(await claim()).toMatchObject({
      run_id: run.run_id,
      dialog_id: run.dialog_id,
      attempt: 1,
      max_attempts: 2,
      messages: [{ message_id: run.question_id, role: "user", content: "what is it?" }],
    });
    expect(await claim()).toBeUndefined();
  });

  it("that waits is woken by the next question, one worker for each", async () => {
    const waiting = [claim(25_000), claim(25_000)];
    const first = await ask();
    const second = await ask();
    const claimed = await Promise.all(waiting);
    expect(claimed.map((run) => run?.run_id).toSorted((a = 0, b = 0) => a - b)).toEqual([
      first.run.run_id,
      second.run.run_id,
    ]);
  });

  it("that left while it waited keeps no run from the others", async () => {
    const leaving = new AbortController();
    const gone = platform.as({ serviceKey, signal: leaving.signal }).worker.claim({ worker: "gone", wait_ms: 25_000 });
    leaving.abort();
    expect(await gone).toEqual({ runs: [] });
    const { run } = await ask();
    expect((await claim(25_000))?.run_id).toBe(run.run_id);
  });

  it("completes a run once, and may repeat itself", async () => {
    const { ann, run } = await ask();
    const lease = await claimLease();
    const answer = { ...lease, text: "the answer", usage: { model: "m", input_tokens: 1, output_tokens: 2 } };
    expect(await platform.worker.worker.complete(answer)).toEqual({ run_id: run.run_id, state: "completed" });
    expect(await platform.worker.worker.complete(answer)).toEqual({ run_id: run.run_id, state: "completed" });
    expect(await refusalOf(platform.worker.worker.complete({ ...lease, text: "another" }))).toBe("run_ended");
    expect(await ann.runs.get({ run_id: run.run_id })).toMatchObject({
      state: "completed",
      answer: { content: "the answer" },
    });
    expect((await ann.dialogs.get({ dialog_id: run.dialog_id })).dialogs).toHaveLength(2);
  });

  it("whose lease ran out gets lease_lost, while another answers once", async () => {
    const { ann, run } = await ask();
    const slow = await claimLease();
    await endLease(run.run_id);
    const second = await claim(25_000);
    expect(second).toMatchObject({ run_id: run.run_id, attempt: 2 });
    expect(await refusalOf(platform.worker.worker.complete({ ...slow, text: "slow" }))).toBe("lease_lost");
    expect(await refusalOf(platform.worker.worker.heartbeat(slow))).toBe("lease_lost");
    await platform.worker.worker.complete({ run_id: run.run_id, lease_token: second?.lease_token ?? "", text: "fast" });
    expect(await refusalOf(platform.worker.worker.complete({ ...slow, text: "slow" }))).toBe("lease_lost");
    const { dialogs } = await ann.dialogs.get({ dialog_id: run.dialog_id });
    expect(dialogs.map(({ content }) => content)).toEqual(["a question", "fast"]);
  });

  it("keeps a run by heartbeats", async () => {
    await ask();
    const lease = await claimLease();
    const beat = await platform.worker.worker.heartbeat({ ...lease, lease_ms: 600_000 });
    expect(beat).toMatchObject({ run_id: lease.run_id, cancel_requested: false });
    expect(Date.parse(beat.lease_until)).toBeGreaterThan(Date.parse(beat.deadline_at));
  });

  it("may fail and be tried again, until the attempts are spent", async () => {
    const { ann, run } = await ask();
    const failure = { code: "model_down", message: "The model is down." };
    const first = await platform.worker.worker.fail({ ...(await claimLease()), ...failure, retry: true });
    expect(first).toEqual({ run_id: run.run_id, state: "queued" });
    expect((await ann.dialogs.flag({ dialog_id: run.dialog_id })).content).toBe(true);
    const second = await platform.worker.worker.fail({ ...(await claimLease()), ...failure, retry: true });
    expect(second).toEqual({ run_id: run.run_id, state: "failed" });
    expect(await ann.runs.get({ run_id: run.run_id })).toMatchObject({ state: "failed", error: failure, attempt: 2 });
    expect((await ann.dialogs.flag({ dialog_id: run.dialog_id })).content).toBe(false);
  });

  it("gives a run back unspent, and the next waiting worker has it at once", async () => {
    const { run } = await ask();
    const lease = await claimLease();
    const next = claim(25_000);
    expect(await platform.worker.worker.release(lease)).toEqual({ run_id: run.run_id, state: "queued" });
    expect(await next).toMatchObject({ run_id: run.run_id, attempt: 1 });
  });

  it("is told that a run is gone with its dialog", async () => {
    const { ann, run } = await ask();
    const lease = await claimLease();
    await ann.dialogs.delete({ dialog_id: run.dialog_id });
    expect(await refusalOf(platform.worker.worker.heartbeat(lease))).toBe("run_not_found");
    expect(await refusalOf(platform.worker.worker.complete({ ...lease, text: "x" }))).toBe("run_not_found");
    expect(await refusalOf(platform.worker.worker.fail({ ...lease, code: "x", message: "x", retry: true }))).toBe(
      "run_not_found",
    );
    expect(await refusalOf(platform.worker.worker.release(lease))).toBe("run_not_found");
  });

  it("of the original protocol may answer a run that another one holds", async () => {
    const { ann, run } = await ask();
    const lease = await claimLease();
    await platform.worker.messages.reply({ user_id: ann.userId, dialog_id: run.dialog_id, text_user: "I was first" });
    expect(await refusalOf(platform.worker.worker.complete({ ...lease, text: "mine" }))).toBe("run_ended");
    expect(await ann.runs.get({ run_id: run.run_id })).toMatchObject({ answer: { content: "I was first" } });
  });

  it.each([
    ["an unknown key", { worker: "w", surprise: 1 }],
    ["a wait over the limit", { worker: "w", wait_ms: 25_001 }],
    ["a lease under the limit", { worker: "w", lease_ms: 10 }],
    ["no name", { worker: "" }],
  ])("that claims with %s is refused", async (_, input) => {
    expect(await refusalOf(platform.worker.worker.claim(input))).toBe("invalid_input");
  });

  it("may answer with 64 KiB and not a byte more, and with nothing", async () => {
    const letters = "я".repeat(32 * 1024);
    await ask();
    const lease = await claimLease();
    expect(await refusalOf(platform.worker.worker.complete({ ...lease, text: `${letters}.` }))).toBe("invalid_input");
    expect(await refusalOf(platform.worker.worker.complete({ ...lease, text: letters }))).toBe("answered");
    await ask();
    expect(await refusalOf(platform.worker.worker.complete({ ...(await claimLease()), text: "" }))).toBe("answered");
  });
});
