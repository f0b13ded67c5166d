import { eq, sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { type Delta, environmentKeyId } from "../src/index.ts";
import { messages, runDeltas, runs } from "../src/schema/index.ts";
import {
  anyClaim,
  anyTimes,
  describeEachEngine,
  describePostgres,
  makeRun,
  useDatabase,
} from "../src/testing/index.ts";

const maxBytes = 40;

type Suite = ReturnType<typeof useDatabase>;

function tools(suite: Suite) {
  const lease = async (leaseMs = 60_000) => {
    const { runId, userId } = await makeRun(suite.statements);
    const [claimed] = await suite.statements.claimRuns({ ...anyClaim, leaseMs });
    expect(claimed?.runId).toBe(runId);
    return { runId, userId, leaseToken: claimed?.leaseToken ?? "", keyId: environmentKeyId, leaseMs };
  };
  const insert = (...deltas: Delta[]) => suite.statements.insertDeltas(deltas, { ...anyTimes, maxBytes });
  const outcomes = async (...deltas: Delta[]) => (await insert(...deltas)).map(({ outcome }) => outcome);
  const streamed = (runId: number, epoch = 1) => suite.statements.readStreamedText({ runId, epoch });
  return { lease, insert, outcomes, streamed };
}

describeEachEngine("deltas", (engine) => {
  const suite = useDatabase(engine);
  const { lease, insert, outcomes, streamed } = tools(suite);

  it("are stored in order and read from any position, of several runs at once", async () => {
    const [run, other] = [await lease(), await lease()];
    for (const [index, text] of ["a", "b", "c"].entries())
      expect(await outcomes({ ...run, seq: index + 1, text })).toEqual(["stored"]);
    await outcomes({ ...other, seq: 1, text: "x" }, { ...other, seq: 2, text: "y" });
    const read = async (...cursors: [runId: number, epoch: number, seq: number][]) =>
      (await suite.statements.readDeltas(cursors.map(([runId, epoch, seq]) => ({ runId, epoch, seq })))).map(
        ({ text }) => text,
      );
    expect(await read([run.runId, 0, 0])).toEqual(["a", "b", "c"]);
    expect(await read([run.runId, 0, 7])).toEqual(["a", "b", "c"]);
    expect(await read([run.runId, 1, 1])).toEqual(["b", "c"]);
    expect(await read([run.runId, 1, 3])).toEqual([]);
    expect(await read([run.runId, 2, 0])).toEqual([]);
    expect(await read([other.runId, 1, 1], [run.runId, 1, 2])).toEqual(["c", "y"]);
    expect(await streamed(run.runId)).toEqual({ seq: 3, text: "abc" });
  });

  it("of a run that has streamed nothing make an empty text", async () => {
    expect(await streamed((await lease()).runId)).toEqual({ seq: 0, text: "" });
  });

  it("with a gap before them are not stored, and the last stored number is reported", async () => {
    const run = await lease();
    expect(await insert({ ...run, seq: 2, text: "early" })).toMatchObject([{ outcome: "gap", lastSeq: 0 }]);
    expect(await insert(...[1, 2, 4, 5].map((seq) => ({ ...run, seq, text: `${seq}` })))).toMatchObject([
      { outcome: "stored", lastSeq: 2 },
      { outcome: "stored", lastSeq: 2 },
      { outcome: "gap", lastSeq: 2 },
      { outcome: "gap", lastSeq: 2 },
    ]);
    expect(await streamed(run.runId)).toEqual({ seq: 2, text: "12" });
  });

  it("that repeat a number are not stored again, the first in a batch counts, and another text is a conflict", async () => {
    const run = await lease();
    const batch = [3, 2, 1, 2, 1, 4, 4].map((seq, place) => ({ ...run, seq, text: `${seq}${"abcdefg"[place]} ` }));
    const conflicts = ["conflict", "conflict", "stored", "conflict"];
    expect(await outcomes(...batch)).toEqual(["stored", "stored", "stored", ...conflicts]);
    expect(await outcomes(...batch)).toEqual(
      ["stored", "stored", "stored", ...conflicts].map((outcome) => (outcome === "stored" ? "repeated" : outcome)),
    );
    const [first] = batch;
    if (first !== undefined) expect(await outcomes(first, first)).toEqual(["repeated", "repeated"]);
    expect(await outcomes({ ...run, seq: 5, text: "x" }, { ...run, seq: 5, text: "x" })).toEqual([
      "stored",
      "repeated",
    ]);
    expect(await streamed(run.runId)).toEqual({ seq: 5, text: "1c 2b 3a 4f x" });
  });

  it("are refused once the text would be longer than an answer may be, in one batch or in several", async () => {
    const run = await lease();
    const text = "я".repeat(maxBytes / 4);
    expect(await outcomes(...[1, 2, 3, 4].map((seq) => ({ ...run, seq, text })))).toEqual([
      "stored",
      "stored",
      "too_long",
      "gap",
    ]);
    expect(await insert({ ...run, seq: 3, text: "x" })).toMatchObject([{ outcome: "too_long", lastSeq: 2 }]);
    expect(await outcomes({ ...run, seq: 2, text })).toEqual(["repeated"]);
    expect(await streamed(run.runId)).toEqual({ seq: 2, text: text + text });
  });

  it("get one result each in the order in which they were offered, whatever their runs and numbers", async () => {
    const [one, two] = [await lease(), await lease()];
    const stale = { ...one, leaseToken: "00000000-0000-4000-8000-000000000000" };
    const results = await insert(
      { ...two, seq: 2, text: "b" },
      { ...stale, seq: 1, text: "bad" },
      { ...one, seq: 1, text: "good" },
      { ...two, seq: 1, text: "a" },
      { ...one, seq: 3, text: "late" },
    );
    expect(results.map((result) => [result.outcome, "lastSeq" in result ? result.lastSeq : null])).toEqual([
      ["stored", 2],
      ["refused", null],
      ["stored", 1],
      ["stored", 2],
      ["gap", 1],
    ]);
    expect(await streamed(one.runId)).toEqual({ seq: 1, text: "good" });
    expect(await streamed(two.runId)).toEqual({ seq: 2, text: "ab" });
  });

  it("are refused under a stale lease, a lease that ran out and after the deadline", async () => {
    for (const past of [
      { leaseUntil: sql`now()` },
      { deadlineAt: sql`now()` },
      { leaseToken: sql`gen_random_uuid()` },
    ]) {
      const run = await lease();
      await suite.database.db.update(runs).set(past).where(eq(runs.runId, run.runId));
      expect(await insert({ ...run, seq: 1, text: "x" })).toEqual([{ outcome: "refused" }]);
      expect(await streamed(run.runId)).toEqual({ seq: 0, text: "" });
      await suite.database.db.delete(runs).where(eq(runs.runId, run.runId));
    }
  });

  it("say that a cancel was requested, and when lease and deadline end", async () => {
    const run = await lease();
    await suite.statements.requestCancel(run);
    const [row] = await suite.database.db.select().from(runs).where(eq(runs.runId, run.runId));
    expect(await insert({ ...run, seq: 1, text: "x" })).toEqual([
      {
        outcome: "stored",
        epoch: 1,
        lastSeq: 1,
        leaseUntil: row?.leaseUntil,
        deadlineAt: row?.deadlineAt,
        cancelRequested: true,
      },
    ]);
    await suite.statements.reapRuns({ limit: 9, cancelGraceMs: 0 });
  });

  it("of two claims of one run never mix", async () => {
    const first = await lease();
    await insert({ ...first, seq: 1, text: "first" });
    await suite.statements.releaseRun(first);
    const [claimed] = await suite.statements.claimRuns(anyClaim);
    const second = { ...first, leaseToken: claimed?.leaseToken ?? "" };
    expect(await insert({ ...first, seq: 2, text: "stale" }, { ...second, seq: 1, text: "second" })).toMatchObject([
      { outcome: "refused" },
      { outcome: "stored", epoch: 2, lastSeq: 1 },
    ]);
    expect(await suite.statements.findRun(first)).toMatchObject({ attempt: 1, epoch: 2 });
    expect(await streamed(first.runId, 2)).toEqual({ seq: 1, text: "second" });
    expect(await suite.statements.readDeltas([{ runId: first.runId, epoch: 1, seq: 0 }])).toMatchObject([
      { epoch: 1, seq: 1, text: "first" },
      { epoch: 2, seq: 1, text: "second" },
    ]);
  });

  it("extend a lease that is more than half over, and leave a young one alone", async () => {
    const run = await lease(60_000);
    const untilOf = async () =>
      (
        await suite.database.db.select({ until: runs.leaseUntil }).from(runs).where(eq(runs.runId, run.runId))
      )[0]?.until?.getTime() ?? 0;
    const before = await untilOf();
    await insert({ ...run, seq: 1, text: "x" });
    expect(await untilOf()).toBe(before);
    await suite.database.db
      .update(runs)
      .set({ leaseUntil: sql`now() + interval '20 seconds'` })
      .where(eq(runs.runId, run.runId));
    // A stale token in the same batch must not keep the present lease from being extended.
    const stale = { ...run, leaseToken: "00000000-0000-4000-8000-000000000000" };
    const [, result] = await insert({ ...stale, seq: 1, text: "x" }, { ...run, seq: 2, text: "y" });
    expect(await untilOf()).toBeGreaterThan(before - 5_000);
    expect(result).toMatchObject({ outcome: "stored", leaseUntil: new Date(await untilOf()) });
  });

  it("mark their run as changed for readers who are behind, as does a claim or an end", async () => {
    const [quiet, grown, ended] = [await lease(), await lease(), await lease()];
    for (const run of [quiet, grown, ended]) await insert({ ...run, seq: 1, text: "x" });
    await insert({ ...grown, seq: 2, text: "y" });
    await suite.statements.completeRun({ ...ended, text: "x", usage: null });
    const cursors = [quiet, grown, ended].map(({ runId }) => ({ runId, epoch: 1, seq: 1 }));
    expect(await suite.statements.listChangedRuns(cursors)).toEqual([grown.runId, ended.runId]);
    await suite.statements.releaseRun(quiet);
    await suite.statements.claimRuns(anyClaim);
    expect(await suite.statements.listChangedRuns(cursors.slice(0, 1))).toEqual([quiet.runId]);
  });

  it("are pruned a while after their run has ended or was deleted, and not before", async () => {
    const [open, ended, gone] = [await lease(), await lease(), await lease()];
    for (const run of [open, ended, gone]) await insert({ ...run, seq: 1, text: "x" });
    await suite.statements.completeRun({ ...ended, text: "x", usage: null });
    await suite.database.db.execute(
      sql`delete from dialogs where dialog_id = (select dialog_id from runs where run_id = ${gone.runId})`,
    );
    await suite.statements.pruneDeltas({ keepMs: 60_000, limit: 9 });
    const left = await suite.database.db
      .select({ runId: runDeltas.runId })
      .from(runDeltas)
      .where(sql`run_id in (${open.runId}, ${ended.runId}, ${gone.runId})`);
    expect(left.map((row) => row.runId).toSorted((a, b) => a - b)).toEqual([open.runId, ended.runId]);
    await suite.statements.pruneDeltas({ keepMs: 0, limit: 9 });
    expect(await suite.database.db.$count(runDeltas, eq(runDeltas.runId, ended.runId))).toBe(0);
    expect(await suite.database.db.$count(runDeltas, eq(runDeltas.runId, open.runId))).toBe(1);
  });

  it("of the last claim alone become a partial message when the run is cancelled", async () => {
    const first = await lease();
    await insert({ ...first, seq: 1, text: "of an earlier claim" });
    await suite.statements.releaseRun(first);
    const [claimed] = await suite.statements.claimRuns(anyClaim);
    const run = { ...first, leaseToken: claimed?.leaseToken ?? "" };
    await insert({ ...run, seq: 1, text: "half an " }, { ...run, seq: 2, text: "answer" });
    await suite.statements.requestCancel(run);
    expect(await suite.statements.reapRuns({ limit: 9, cancelGraceMs: 60_000 })).toEqual([]);
    expect(await suite.statements.reapRuns({ limit: 9, cancelGraceMs: 0 })).toMatchObject([
      { runId: run.runId, ownerId: run.userId, from: "running", state: "cancelled" },
    ]);
    const answer = (await suite.statements.findRun(run))?.answerId ?? 0;
    const stored = await suite.database.db.select().from(messages).where(eq(messages.messageId, answer));
    expect(stored).toMatchObject([{ content: "half an answer", seq: 2, partial: true }]);
  });
});

describePostgres("deltas in parallel", () => {
  const suite = useDatabase("postgres");
  const { lease, outcomes, streamed } = tools(suite);

  it("that two processes store at once are stored by one of them and a conflict to the other, unless they are equal", async () => {
    const run = await lease();
    let stored = "";
    for (let seq = 1; seq <= 20; seq += 1) {
      const [[one], [other]] = await Promise.all([
        outcomes({ ...run, seq, text: "a" }),
        outcomes({ ...run, seq, text: "b" }),
      ]);
      expect(new Set([one, other])).toEqual(new Set(["conflict", "stored"]));
      stored += one === "stored" ? "a" : "b";
      seq += 1;
      const same = { ...run, seq, text: "c" };
      expect((await Promise.all([outcomes(same), outcomes(same)])).flat().toSorted()).toEqual(["repeated", "stored"]);
      stored += "c";
    }
    expect(await streamed(run.runId)).toEqual({ seq: 20, text: stored });
  });
});
