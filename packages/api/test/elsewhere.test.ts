import { describePostgres } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createPlatform, serviceKey, type Platform, type TestPerson } from "./support/platform.ts";
import { refusalOf } from "./support/refusal.ts";

/** Both servers run without fallback polls: whatever arrives was notified. */
describePostgres("what one server does and another must hear of", () => {
  let here: Platform;
  let there: Platform;
  let ann: TestPerson;
  beforeAll(async () => {
    here = await createPlatform("postgres", { retryBackoffMs: 0, cancelGraceMs: 600_000 });
    there = await createPlatform("postgres", { retryBackoffMs: 0, cancelGraceMs: 600_000 }, { shared: here.database });
    ann = await here.person();
  });
  afterAll(async () => {
    await there.close();
    await here.close();
  });

  const elsewhere = () => there.as({ sessionToken: ann.token });
  const createDialog = async () => (await ann.dialogs.create({ dialog_name: "talk" })).dialog;
  const claim = async ({ worker }: Platform) => {
    const [run] = (await worker.worker.claim({ worker: "w", wait_ms: 25_000 })).runs;
    return { run_id: run?.run_id ?? 0, lease_token: run?.lease_token ?? "" };
  };
  const isWaiting = (platform: Platform) => async () => platform.statementLog.includes("insert_question");
  const withDialog = async (use: (dialog_id: number) => Promise<void>) => {
    const dialog_id = await createDialog();
    await use(dialog_id);
    await refusalOf(ann.dialogs.delete({ dialog_id }));
  };

  /** Watches a run at the other server, and collects the ids of what arrives. */
  const watchThere = async (run_id: number) => {
    const items: unknown[] = [];
    const watched = (async () => {
      for await (const item of await elsewhere().runs.watch({ run_id })) items.push(Object.values(item)[0]);
    })();
    await until("the subscriber has the snapshot", () => items.length === 1);
    return { items, watched };
  };
  const otherSession = async (): Promise<string> => {
    const { sessions } = await ann.sessions.list();
    return sessions.find(({ current }) => !current)?.session_id ?? "";
  };
  const signInAgain = async ({ token: sessionToken, sub }: TestPerson): Promise<unknown> => {
    const token = await here.google.mint({ sub, email: `${sub}@example.com` });
    return here.as({ sessionToken }).auth.signIn({ token });
  };

  it("a question wakes a worker that waits there", () =>
    withDialog(async (dialog_id) => {
      const claimed = claim(there);
      await until("the worker waits", () => there.statementLog.includes("claim_runs"));
      const { run_id } = await ann.runs.start({ dialog_id, text_user: "question" });
      expect((await claimed).run_id).toBe(run_id);
    }));

  it("a question wakes one worker, though others wait here and there", () =>
    withDialog(async (dialog_id) => {
      const other = await createDialog();
      there.statementLog.length = 0;
      const first = claim(there);
      await until("the worker waits", () => there.statementLog.includes("claim_runs"));
      const waiting = refusalOf(elsewhere().messages.send({ dialog_id: other, text_user: "question" }));
      await first;
      here.statementLog.length = 0;
      const leaving = new AbortController();
      const claims = [here, there, here].map((platform) =>
        platform.as({ serviceKey, signal: leaving.signal }).worker.claim({ worker: "w", wait_ms: 25_000 }),
      );
      // The first server's log has the statements of both.
      const claimCount = () => here.statementLog.filter((name) => name === "claim_runs").length;
      await until("all wait", () => claimCount() >= claims.length);
      await ann.runs.start({ dialog_id, text_user: "question" });
      expect((await Promise.race(claims)).runs).toHaveLength(1);
      // Told after the question was, so whoever had been woken by that has claimed by then.
      await ann.dialogs.delete({ dialog_id: other });
      expect(await waiting).toBe("dialog_deleted");
      expect(claimCount()).toBe(claims.length + 1);
      leaving.abort();
      await Promise.all(claims);
    }));

  it("a question goes to a worker that waits there, not to a fallback worker here", () =>
    withDialog(async (dialog_id) => {
      const leaving = new AbortController();
      const fallback = here
        .as({ serviceKey, signal: leaving.signal })
        .worker.claim({ worker: "bridge", wait_ms: 25_000, fallback: true });
      const claimed = claim(there);
      await until("both wait", () =>
        [here, there].every(({ useCases }) => useCases.operations.countWaitingWorkers() === 1),
      );
      await until("it is known", async () => (await here.useCases.presence.servedByOthers()) === "all");
      const { run_id } = await ann.runs.start({ dialog_id, text_user: "question" });
      expect((await claimed).run_id).toBe(run_id);
      leaving.abort();
      expect(await fallback).toEqual({ runs: [] });
    }));

  it("the retry of a question wakes a worker that waits there", () =>
    withDialog(async (dialog_id) => {
      const { run_id } = await ann.runs.start({ dialog_id, text_user: "question" });
      await ann.runs.cancel({ run_id });
      there.statementLog.length = 0;
      const claimed = claim(there);
      await until("the worker waits", () => there.statementLog.includes("claim_runs"));
      const retried = await ann.runs.retry({ run_id });
      expect((await claimed).run_id).toBe(retried.run_id);
    }));

  it("deltas and the answer reach a subscriber there", () =>
    withDialog(async (dialog_id) => {
      const { run_id } = await ann.runs.start({ dialog_id, text_user: "question" });
      const { items, watched } = await watchThere(run_id);
      const lease = await claim(here);
      await until("the claim is seen", () => items.includes("1-0"));
      await here.worker.worker.append({ ...lease, seq: 1, text: "first " });
      await until("the first delta is seen", () => items.includes("1-1"));
      await here.worker.worker.append({ ...lease, seq: 2, text: "second" });
      await until("the second delta is seen", () => items.includes("1-2"));
      await here.worker.worker.complete({ ...lease, text: "first second" });
      await watched;
      expect(items).toEqual(["0-0", "1-0", "1-1", "1-2", "end"]);
    }));

  it("every delta reaches a subscriber there before the end, however soon that follows", () =>
    withDialog(async (dialog_id) => {
      const { run_id } = await ann.runs.start({ dialog_id, text_user: "question" });
      const { items, watched } = await watchThere(run_id);
      const lease = await claim(here);
      await until("the claim is seen", () => items.includes("1-0"));
      for (const seq of [1, 2, 3]) await here.worker.worker.append({ ...lease, seq, text: `${seq}` });
      await here.worker.worker.complete({ ...lease, text: "123" });
      await watched;
      expect(items).toEqual(["0-0", "1-0", "1-1", "1-2", "1-3", "end"]);
    }));

  it.each([
    [
      "a failure",
      "answer_failed",
      async () => here.worker.worker.fail({ ...(await claim(here)), code: "x", message: "x", retry: false }),
    ],
    ["a cancel", "run_cancelled", async (run_id: number) => ann.runs.cancel({ run_id })],
    [
      "the deletion of the dialog",
      "dialog_deleted",
      async (_: number, dialog_id: number) => ann.dialogs.delete({ dialog_id }),
    ],
  ])("%s reaches whoever waits for the answer there", (_, refusal, end) =>
    withDialog(async (dialog_id) => {
      there.statementLog.length = 0;
      const waiting = refusalOf(elsewhere().messages.send({ dialog_id, text_user: "question" }));
      await until("the question is stored", isWaiting(there));
      const run_id = await until("the run is there", async () => {
        const page = await ann.messages.list({ dialog_id });
        return page.messages[0]?.run?.run_id;
      });
      await end(run_id, dialog_id);
      expect(await waiting).toBe(refusal);
    }),
  );

  it("an unsolicited message and an original reply reach whoever waits there", () =>
    withDialog(async (dialog_id) => {
      there.statementLog.length = 0;
      const waiting = elsewhere().messages.send({ dialog_id, text_user: "question" });
      await until("the question is stored", isWaiting(there));
      await here.worker.messages.reply({ user_id: ann.userId, dialog_id, text_user: "yes" });
      expect(await waiting).toMatchObject({ answer_ai: "yes" });
    }));

  it("the end of a session closes its streams there", async () => {
    const phone = await here.person(ann.sub);
    const dialog_id = await createDialog();
    const { run_id } = await ann.runs.start({ dialog_id, text_user: "question" });
    const events = (await there.as({ sessionToken: phone.token }).runs.watch({ run_id }))[Symbol.asyncIterator]();
    await events.next();
    const next = refusalOf(events.next());
    await phone.auth.logout();
    expect(await next).toBe("session_invalid");
  });

  it.each<[string, (phone: TestPerson) => Promise<unknown>]>([
    ["a sign-out", (phone) => phone.auth.logout()],
    ["the end of the session from another device", async () => ann.sessions.end({ session_id: await otherSession() })],
    ["a new sign-in of the same browser", (phone) => signInAgain(phone)],
  ])("%s ends the wait for an answer there", (_, end) =>
    withDialog(async (dialog_id) => {
      const phone = await here.person(ann.sub);
      there.statementLog.length = 0;
      const sent = there.as({ sessionToken: phone.token }).messages.send({ dialog_id, text_user: "question" });
      const waiting = refusalOf(sent);
      await until("the question is stored", isWaiting(there));
      await end(phone);
      expect(await waiting).toBe("session_invalid");
    }),
  );
});
