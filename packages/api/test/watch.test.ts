import { describeEachEngine, findViolations, noViolations, sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { createPlatform, type Platform, type TestPerson } from "./support/platform.ts";
import { refusalOf } from "./support/refusal.ts";

type Subscription = Awaited<ReturnType<TestPerson["runs"]["watch"]>>;
type RunEvent = Subscription extends AsyncIterable<{ data: infer Data }> ? Data : never;

/** Inside the process an event comes as the procedure tracked it, whatever the types say of the wire. */
const asTracked = (item: unknown) => item as readonly [id: string, event: RunEvent];

/** A watcher that remembers all it was given. */
function watching(subscription: Subscription) {
  const items: { id: string; event: RunEvent }[] = [];
  const done = (async () => {
    for await (const item of subscription) {
      const [id, event] = asTracked(item);
      items.push({ id, event });
    }
  })();
  return {
    items,
    done,
    types: () => items.map(({ event }) => event.type),
    /** The text as a client would show it. */
    text: () =>
      items.reduce((text, { event }) => {
        if (event.type === "snapshot") return event.text;
        if (event.type === "delta") return text + event.text;
        if (event.type === "reset") return "";
        if (event.type === "waiting") return text;
        return event.run.answer?.content ?? text;
      }, ""),
  };
}

describeEachEngine("watching a run", (engine) => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await createPlatform(engine, { watchesPerUser: 3, cancelGraceMs: 300, retryBackoffMs: 0 });
  });
  afterAll(() => platform.close());
  afterEach(async () => {
    expect(await findViolations(platform.database.db)).toEqual(noViolations);
    await platform.database.db.execute(sql`delete from dialogs`);
  });

  const ask = async () => {
    const ann = await platform.person();
    const { dialog } = await ann.dialogs.create({ dialog_name: "talk" });
    const { run_id } = await ann.runs.start({ dialog_id: dialog, text_user: "question" });
    return { ann, run_id, dialog_id: dialog };
  };
  const claim = async () => {
    const { runs } = await platform.worker.worker.claim({ worker: "w", wait_ms: 25_000 });
    return { run_id: runs[0]?.run_id ?? 0, lease_token: runs[0]?.lease_token ?? "" };
  };
  type Lease = Awaited<ReturnType<typeof claim>>;
  const append = (lease: Lease, seq: number, text: string) => platform.worker.worker.append({ ...lease, seq, text });
  const watch = async (ann: TestPerson, run_id: number, lastEventId?: string) =>
    watching(await ann.runs.watch({ run_id, ...(lastEventId === undefined ? {} : { lastEventId }) }));

  it("shows the answer growing, and then the stored one, once", async () => {
    const { ann, run_id } = await ask();
    const watcher = await watch(ann, run_id);
    await until("the snapshot is there", () => watcher.items.length === 1);
    expect(watcher.items[0]).toEqual({
      id: "0-0",
      event: { type: "snapshot", state: "queued", attempt: 0, seq: 0, text: "" },
    });
    const lease = await claim();
    await append(lease, 1, "Hello");
    await append(lease, 2, ", ");
    await until("two deltas are there", () => watcher.text() === "Hello, ");
    expect((await ann.runs.get({ run_id })).text).toBe("Hello, ");
    await append(lease, 3, "Ann!");
    await platform.worker.worker.complete({ ...lease, text: "Hello, Ann!" });
    await watcher.done;
    expect(watcher.items.map(({ id }) => id)).toEqual(["0-0", "1-0", "1-1", "1-2", "1-3", "end"]);
    expect(watcher.items.at(-1)?.event).toMatchObject({
      run: { state: "completed", answer: { content: "Hello, Ann!" } },
    });
  });

  it("that begins late begins with the text streamed so far", async () => {
    const { ann, run_id } = await ask();
    const lease = await claim();
    await append(lease, 1, "so ");
    await append(lease, 2, "far");
    const watcher = await watch(ann, run_id);
    await until("the snapshot is there", () => watcher.items.length > 0);
    expect(watcher.items[0]).toEqual({
      id: "1-2",
      event: { type: "snapshot", state: "running", attempt: 1, seq: 2, text: "so far" },
    });
    await append(lease, 3, ", so good");
    await platform.worker.worker.complete({ ...lease, text: "so far, so good" });
    await watcher.done;
    expect(watcher.types()).toEqual(["snapshot", "delta", "end"]);
  });

  it("that joins a long answer gets its next words as a delta, not as a second snapshot", async () => {
    const { ann, run_id } = await ask();
    const lease = await claim();
    const long = Array.from({ length: 10 }, (_, index) => `${index}`.repeat(4_000));
    for (const [index, text] of long.entries()) await append(lease, index + 1, text);
    const watcher = await watch(ann, run_id);
    await until("the snapshot is there", () => watcher.items.length > 0);
    await append(lease, 11, "next");
    await until("the next words are there", () => watcher.text().endsWith("next"));
    expect(watcher.items.map(({ event }) => event)).toMatchObject([
      { type: "snapshot", seq: 10, text: long.join("") },
      { type: "delta", seq: 11, text: "next" },
    ]);
    await platform.worker.worker.complete({ ...lease, text: "done" });
    await watcher.done;
  });

  it("shares each delta with everybody who watches: one object, so that it is encoded once", async () => {
    const { ann, run_id } = await ask();
    const lease = await claim();
    const watchers = [await watch(ann, run_id), await watch(ann, run_id)];
    await until("both have begun", () => watchers.every(({ items }) => items.length > 0));
    await append(lease, 1, "shared");
    await platform.worker.worker.complete({ ...lease, text: "shared" });
    await Promise.all(watchers.map(({ done }) => done));
    const [[, ...first] = [], [, ...second] = []] = watchers.map(({ items }) => items.map(({ event }) => event));
    expect(first.map(({ type }) => type)).toEqual(["delta", "end"]);
    first.forEach((event, index) => expect(event).toBe(second[index]));
  });

  it.each([
    ["the last id", "1-3", ["end"]],
    ["an older id", "1-1", ["delta", "delta", "end"]],
    ["the id of the start", "1-0", ["delta", "delta", "delta", "end"]],
    ["an id of an earlier attempt", "0-0", ["snapshot", "end"]],
    ["an id from the future", "1-99", ["snapshot", "end"]],
    ["an id of nothing", "99-1", ["snapshot", "end"]],
    ["garbage", "NaN", ["snapshot", "end"]],
  ])("that comes back with %s misses nothing and gets nothing twice", async (_, lastEventId, expected) => {
    const { ann, run_id } = await ask();
    const lease = await claim();
    await append(lease, 1, "a");
    await append(lease, 2, "b");
    await append(lease, 3, "c");
    const watcher = await watch(ann, run_id, lastEventId);
    await until("the watcher has come as far as the answer", () => watcher.items.length === expected.length - 1);
    await platform.worker.worker.complete({ ...lease, text: "abc" });
    await watcher.done;
    expect(watcher.types()).toEqual(expected);
  });

  it("of a run that has ended gets its end, whatever the id", async () => {
    const { ann, run_id } = await ask();
    const lease = await claim();
    await append(lease, 1, "abc");
    await platform.worker.worker.complete({ ...lease, text: "abc" });
    for (const lastEventId of [undefined, "1-0", "end", "rubbish"]) {
      const watcher = await watch(ann, run_id, lastEventId);
      await watcher.done;
      expect(watcher.types()).toEqual(["end"]);
    }
  });

  it("sees a new attempt replace the streamed text", async () => {
    const { ann, run_id } = await ask();
    const watcher = await watch(ann, run_id);
    await until("the snapshot is there", () => watcher.items.length === 1);
    const first = await claim();
    await append(first, 1, "wrong");
    await until("the first attempt is seen", () => watcher.text() === "wrong");
    await platform.worker.worker.fail({ ...first, code: "x", message: "x", retry: true });
    const second = await claim();
    await append(second, 1, "right");
    await until("the second attempt is seen", () => watcher.text() === "right");
    expect(await refusalOf(append(first, 2, "stale"))).toBe("lease_taken");
    await platform.worker.worker.complete({ ...second, text: "right" });
    await watcher.done;
    expect(watcher.types()).toEqual(["snapshot", "reset", "delta", "reset", "delta", "end"]);
  });

  it("sees how a run ends without an answer", async () => {
    const failed = await ask();
    const ofFailed = await watch(failed.ann, failed.run_id);
    await platform.worker.worker.fail({ ...(await claim()), code: "too_hard", message: "Too hard.", retry: false });
    await ofFailed.done;
    expect(ofFailed.items.at(-1)?.event).toMatchObject({ run: { state: "failed", error: { code: "too_hard" } } });
    const expired = await ask();
    const ofExpired = await watch(expired.ann, expired.run_id);
    await platform.database.db.execute(sql`update runs set deadline_at = now() where run_id = ${expired.run_id}`);
    await ofExpired.done;
    expect(ofExpired.items.at(-1)?.event).toMatchObject({ run: { state: "expired", error: { code: "no_worker" } } });
  });

  it("is told when the dialog is deleted", async () => {
    const { ann, run_id, dialog_id } = await ask();
    const watcher = await watch(ann, run_id);
    await until("the snapshot is there", () => watcher.items.length === 1);
    await ann.dialogs.delete({ dialog_id });
    expect(await refusalOf(watcher.done)).toBe("dialog_deleted");
  });

  it("ends with its session, and others of the same user go on", async () => {
    const { ann, run_id } = await ask();
    const elsewhere = platform.as({ sessionToken: (await platform.person(ann.sub)).token });
    const here = await watch(ann, run_id);
    const there = watching(await elsewhere.runs.watch({ run_id }));
    await until("both have begun", () => here.items.length === 1 && there.items.length === 1);
    await ann.auth.logout();
    expect(await refusalOf(here.done)).toBe("session_invalid");
    await platform.worker.worker.complete({ ...(await claim()), text: "done" });
    await there.done;
    expect(there.text()).toBe("done");
  });

  it("is allowed three times at once, and a place is free again when one ends", async () => {
    const { ann, run_id } = await ask();
    const leaving = new AbortController();
    const caller = platform.as({ sessionToken: ann.token, signal: leaving.signal });
    const watchers = [
      await caller.runs.watch({ run_id }),
      await caller.runs.watch({ run_id }),
      await caller.runs.watch({ run_id }),
    ].map(watching);
    await until("all have begun", () => watchers.every((watcher) => watcher.items.length === 1));
    expect(await refusalOf((await watch(ann, run_id)).done)).toBe("too_many_watches");
    leaving.abort();
    await Promise.all(watchers.map((watcher) => watcher.done));
    const again = await watch(ann, run_id);
    await until("a place is free", () => again.items.length === 1);
    await platform.worker.worker.complete({ ...(await claim()), text: "done" });
    await again.done;
    expect(again.text()).toBe("done");
  });

  it("that reads nothing for long gets a fresh snapshot, and not all it missed", async () => {
    const { ann, run_id } = await ask();
    const subscription = (await ann.runs.watch({ run_id }))[Symbol.asyncIterator]();
    await subscription.next();
    const lease = await claim();
    const pieces = Array.from({ length: 15 }, (_, index) => `${index} `.repeat(1_400));
    for (const [index, piece] of pieces.entries()) await append(lease, index + 1, piece);
    const fast = await watch(ann, run_id);
    await until("all was streamed", () => fast.text() === pieces.join(""));
    await until("the slow one is dropped and starts anew", async () => {
      const next = await subscription.next();
      if (next.done === true) return false;
      const [, event] = asTracked(next.value);
      return event.type === "snapshot" && event.text === pieces.join("");
    });
    await platform.worker.worker.complete({ ...lease, text: "done" });
    await fast.done;
    expect(fast.types()).toEqual(["snapshot", "end"]);
    await subscription.return?.();
  });

  it("of somebody else's run is as good as of none", async () => {
    const { run_id } = await ask();
    const bob = await platform.person();
    expect(await refusalOf((await watch(bob, run_id)).done)).toBe("run_not_found");
    expect(await refusalOf(bob.runs.cancel({ run_id }))).toBe("run_not_found");
    expect(await refusalOf(bob.runs.retry({ run_id }))).toBe("run_not_found");
  });

  it("takes no delta with a gap, and a repeated one without harm", async () => {
    const { ann, run_id } = await ask();
    const lease = await claim();
    await append(lease, 1, "one ");
    expect(await refusalOf(append(lease, 3, "three"))).toBe("delta_gap");
    expect(await refusalOf(append(lease, 1, "one "))).toBe("answered");
    expect(await refusalOf(append(lease, 1, "two "))).toBe("seq_conflict");
    await Promise.all([append(lease, 2, "two "), append(lease, 3, "three"), append(lease, 2, "two ")]);
    expect((await ann.runs.get({ run_id })).text).toBe("one two three");
  });

  it("takes no more text than an answer may have", async () => {
    await ask();
    const lease = await claim();
    const piece = "x".repeat(8_000);
    for (let seq = 1; seq <= 8; seq += 1) await append(lease, seq, piece);
    expect(await refusalOf(append(lease, 9, piece))).toBe("answer_too_long");
    await append(lease, 9, "x".repeat(64 * 1024 - 64_000));
    expect(await refusalOf(append(lease, 10, "x"))).toBe("answer_too_long");
  });

  it("takes no delta after the deadline", async () => {
    await ask();
    const lease = await claim();
    await platform.database.db.execute(sql`update runs set deadline_at = now() where run_id = ${lease.run_id}`);
    expect(["lease_lost", "run_ended"]).toContain(await refusalOf(append(lease, 2, "y")));
  });
});
