import { findViolations, mainEngine, noViolations } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPlatform, type Platform } from "./support/platform.ts";
import { refusalOf } from "./support/refusal.ts";

describe("stopping a run", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await createPlatform(mainEngine(), { cancelGraceMs: 300 });
  });
  afterAll(async () => {
    expect(await findViolations(platform.database.db)).toEqual(noViolations);
    await platform.close();
  });

  const ask = async () => {
    const ann = await platform.person();
    const { dialog } = await ann.dialogs.create({ dialog_name: "talk" });
    const { run_id } = await ann.runs.start({ dialog_id: dialog, text_user: "question" });
    return { ann, run_id, dialog_id: dialog };
  };
  const claim = async () => {
    const { runs } = await platform.worker.worker.claim({ worker: "w" });
    return { run_id: runs[0]?.run_id ?? 0, lease_token: runs[0]?.lease_token ?? "" };
  };

  it("that is queued ends it at once", async () => {
    const { ann, run_id, dialog_id } = await ask();
    expect(await ann.runs.cancel({ run_id })).toMatchObject({
      state: "cancelled",
      answer: null,
      cancel_requested: true,
    });
    expect((await ann.dialogs.flag({ dialog_id })).content).toBe(false);
    expect((await platform.worker.worker.claim({ worker: "w", wait_ms: 0 })).runs).toEqual([]);
    expect(await ann.runs.cancel({ run_id })).toMatchObject({ state: "cancelled" });
  });

  it("reaches its worker in the reply to the next call, and keeps the streamed text", async () => {
    const { ann, run_id, dialog_id } = await ask();
    const lease = await claim();
    await platform.worker.worker.append({ ...lease, seq: 1, text: "As I was say" });
    expect(await ann.runs.cancel({ run_id })).toMatchObject({ state: "running", cancel_requested: true });
    const { cancel_requested } = await platform.worker.worker.append({ ...lease, seq: 2, text: "ing" });
    expect(cancel_requested).toBe(true);
    expect(
      await platform.worker.worker.fail({ ...lease, code: "cancelled", message: "Stopped.", retry: false }),
    ).toMatchObject({
      state: "cancelled",
    });
    expect(await ann.runs.get({ run_id })).toMatchObject({
      state: "cancelled",
      answer: { content: "As I was saying" },
    });
    const { dialogs } = await ann.dialogs.get({ dialog_id });
    expect(dialogs.map(({ content, partial }) => [content, partial])).toEqual([
      ["question", false],
      ["As I was saying", true],
    ]);
  });

  it("ends it after the grace when its worker is deaf, and refuses what that says later", async () => {
    const { ann, run_id } = await ask();
    const lease = await claim();
    await ann.runs.cancel({ run_id });
    await until("the grace is over", async () => (await ann.runs.get({ run_id })).state === "cancelled");
    expect(await refusalOf(platform.worker.worker.complete({ ...lease, text: "too late" }))).toBe("run_ended");
  });

  it("lets a release end it, too", async () => {
    const { ann, run_id } = await ask();
    const lease = await claim();
    await ann.runs.cancel({ run_id });
    expect(await platform.worker.worker.release(lease)).toEqual({ run_id, state: "cancelled" });
  });

  it("tells who waits for the answer", async () => {
    const ann = await platform.person();
    const { dialog: dialog_id } = await ann.dialogs.create({ dialog_name: "talk" });
    const sent = refusalOf(ann.messages.send({ dialog_id, text_user: "question" }));
    await until("the run is there", async () => (await ann.dialogs.flag({ dialog_id })).content);
    const { run_id } = await claim();
    await ann.runs.cancel({ run_id });
    expect(await sent).toBe("run_cancelled");
  });

  it("can be followed by asking the same again, once", async () => {
    const { ann, run_id, dialog_id } = await ask();
    await ann.runs.cancel({ run_id });
    const retries = await Promise.all([refusalOf(ann.runs.retry({ run_id })), refusalOf(ann.runs.retry({ run_id }))]);
    expect(retries.toSorted()).toEqual(["answer_awaited", "answered"]);
    const lease = await claim();
    expect(lease.run_id).not.toBe(run_id);
    await platform.worker.worker.complete({ ...lease, text: "at last" });
    const { dialogs } = await ann.dialogs.get({ dialog_id });
    expect(dialogs.map(({ content }) => content)).toEqual(["question", "at last"]);
    expect(await refusalOf(ann.runs.retry({ run_id }))).toBe("run_not_retryable");
    expect(await refusalOf(ann.runs.retry({ run_id: lease.run_id }))).toBe("run_not_retryable");
  });

  it("leaves a run that has ended as it is", async () => {
    const { ann, run_id } = await ask();
    await platform.worker.worker.complete({ ...(await claim()), text: "done" });
    expect(await ann.runs.cancel({ run_id })).toMatchObject({ state: "completed", cancel_requested: false });
  });
});
