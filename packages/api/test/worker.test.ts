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

  it("whose lease ran out is told so, while another answers once", async () => {
    const { ann, run } = await ask();
    const slow = await claimLease();
    await endLease(run.run_id);
    expect(await refusalOf(platform.worker.worker.heartbeat(slow))).toBe("lease_expired");
    const second = await claim(25_000);
    expect(second).toMatchObject({ run_id: run.run_id, attempt: 2 });
    expect(await refusalOf(platform.worker.worker.complete({ ...slow, text: "slow" }))).toBe("lease_taken");
    expect(await refusalOf(platform.worker.worker.heartbeat(slow))).toBe("lease_taken");
    await platform.worker.worker.complete({ run_id: run.run_id, lease_token: second?.lease_token ?? "", text: "fast" });
    expect(await refusalOf(platform.worker.worker.complete({ ...slow, text: "slow" }))).toBe("lease_taken");
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
    expect(first).toEqual({
      run_id: run.run_id,
      state: "queued",
      available_at: expect.any(String),
      attempts_left: 1,
    });
    expect((await ann.dialogs.flag({ dialog_id: run.dialog_id })).content).toBe(true);
    const second = await platform.worker.worker.fail({ ...(await claimLease()), ...failure, retry: true });
    expect(second).toEqual({ run_id: run.run_id, state: "failed", available_at: null, attempts_left: 0 });
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

  it("whose token no claim gave is told so, whatever the state of the run", async () => {
    const { run } = await ask();
    const wrong = { run_id: run.run_id, lease_token: "00000000-0000-4000-8000-000000000000" };
    expect(await refusalOf(platform.worker.worker.heartbeat(wrong))).toBe("lease_token_wrong");
    const { lease_token } = await claimLease();
    expect(await refusalOf(platform.worker.worker.release(wrong))).toBe("lease_token_wrong");
    await platform.worker.worker.complete({ run_id: run.run_id, lease_token, text: "yes" });
    expect(await refusalOf(platform.worker.worker.complete({ ...wrong, text: "no" }))).toBe("lease_token_wrong");
  });

  it("may complete a run with what it appended, but not with nothing", async () => {
    const { ann, run } = await ask();
    const lease = await claimLease();
    expect(await refusalOf(platform.worker.worker.complete(lease))).toBe("answer_missing");
    await platform.worker.worker.append({ ...lease, seq: 1, text: "Hello, " });
    await platform.worker.worker.append({ ...lease, seq: 2, text: "Ann!" });
    await platform.worker.worker.complete(lease);
    expect(await refusalOf(platform.worker.worker.complete(lease))).toBe("answered");
    expect(await ann.runs.get({ run_id: run.run_id })).toMatchObject({ answer: { content: "Hello, Ann!" } });
    const repeat = platform.emitted.filter((event) => event.kind === "run_transition" && event.to === "completed");
    expect(repeat.at(-1)).toMatchObject({ runId: run.run_id, answerText: "Hello, Ann!" });
  });

  it("may store an object of 4 KiB with its answer, and what the answer cost", async () => {
    await ask();
    const lease = await claimLease();
    const complete = (metadata: Record<string, unknown>) =>
      refusalOf(platform.worker.worker.complete({ ...lease, text: "x", usage: { cost: 0.25 }, metadata }));
    expect(await complete({ note: "x".repeat(4096 - 11 + 1) })).toBe("invalid_input");
    expect(await complete({ "a\u0000": 1 })).toBe("invalid_input");
    expect(await complete({ nested: [{ text: "\ud800" }] })).toBe("invalid_input");
    expect(await complete({ note: "x".repeat(4096 - 11) })).toBe("answered");
  });

  it("that fails for good leaves what it appended, and the question can be asked again", async () => {
    const { ann, run } = await ask();
    const lease = await claimLease();
    await platform.worker.worker.append({ ...lease, seq: 1, text: "half an answer" });
    await platform.worker.worker.fail({ ...lease, code: "x", message: "It broke.", retry: false });
    expect(await ann.runs.get({ run_id: run.run_id })).toMatchObject({
      state: "failed",
      error: { code: "x" },
      answer: { content: "half an answer" },
    });
    const { messages } = await ann.messages.list({ dialog_id: run.dialog_id });
    expect(messages.map(({ role, partial }) => [role, partial])).toEqual([
      ["user", false],
      ["bot", true],
    ]);
    expect(await refusalOf(platform.worker.worker.complete({ ...lease, text: "late" }))).toBe("run_ended");
    const again = await ann.runs.retry({ run_id: run.run_id });
    const second = await claim();
    expect(second).toMatchObject({ run_id: again.run_id, messages: [{ content: "a question" }] });
    await platform.worker.worker.complete({
      run_id: again.run_id,
      lease_token: second?.lease_token ?? "",
      text: "whole",
    });
    expect((await ann.dialogs.get({ dialog_id: run.dialog_id })).dialogs.map(({ content }) => content)).toEqual([
      "a question",
      "half an answer",
      "whole",
    ]);
  });

  it("that fails for good may throw away what it appended", async () => {
    const { ann, run } = await ask();
    const lease = await claimLease();
    await platform.worker.worker.append({ ...lease, seq: 1, text: "nonsense" });
    await platform.worker.worker.fail({ ...lease, code: "x", message: "It broke.", retry: false, discard: true });
    expect(await ann.runs.get({ run_id: run.run_id })).toMatchObject({ state: "failed", answer: null });
  });

  it("may send any report after a cancel, and release keeps what was appended", async () => {
    const reports = platform.worker.worker;
    const cancelled = async () => {
      const { ann, run } = await ask();
      const lease = await claimLease();
      await reports.append({ ...lease, seq: 1, text: "so far" });
      await ann.runs.cancel({ run_id: run.run_id });
      return { lease, read: () => ann.runs.get({ run_id: run.run_id }) };
    };
    const released = await cancelled();
    expect(await reports.heartbeat(released.lease)).toMatchObject({ cancel_requested: true });
    expect(await reports.release(released.lease)).toMatchObject({ state: "cancelled" });
    expect(await released.read()).toMatchObject({ state: "cancelled", answer: { content: "so far" } });
    const failed = await cancelled();
    const failure = { code: "x", message: "x", retry: true };
    expect(await reports.fail({ ...failed.lease, ...failure })).toMatchObject({
      state: "cancelled",
      available_at: null,
    });
    expect(await failed.read()).toMatchObject({ state: "cancelled", answer: { content: "so far" } });
    const completed = await cancelled();
    expect(await reports.complete({ ...completed.lease, text: "the whole" })).toMatchObject({ state: "completed" });
    expect(await completed.read()).toMatchObject({ state: "completed", answer: { content: "the whole" } });
  });
});
