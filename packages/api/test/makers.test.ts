import { describePostgres, sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { environmentKey, type ServiceKey } from "../src/identity/service-key.ts";
import type { Claim } from "../src/runs/claim.ts";
import { createPlatform, type Platform, type TestPerson } from "./support/platform.ts";
import { AppError } from "../src/app-error.ts";

/** The code that a use case refuses with. */
const refusalOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "answered",
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );

/** Both servers run without fallback polls: whatever arrives was notified. */
describePostgres("makers side by side", () => {
  let here: Platform;
  let there: Platform;
  let ann: TestPerson;
  let poet: ServiceKey;
  let clerk: ServiceKey;
  beforeAll(async () => {
    here = await createPlatform("postgres", {
      adminEmails: ["olga@example.com"],
      retryBackoffMs: 0,
      dialogsPerUser: 50,
    });
    there = await createPlatform("postgres", {}, { shared: here.database });
    ann = await here.person();
    const operator = await here.person("olga");
    for (const slug of ["poet", "clerk"]) await operator.assistants.create({ slug, name: slug });
    const ids = new Map((await here.statements.listAssistants()).map(({ slug, assistantId }) => [slug, assistantId]));
    const keyOf = (slug: string): ServiceKey => ({
      ...environmentKey,
      keyId: slug,
      assistantIds: [ids.get(slug) ?? 0],
    });
    [poet, clerk] = [keyOf("poet"), keyOf("clerk")];
  });
  afterAll(async () => {
    await there.close();
    await here.close();
  });
  afterEach(async () => {
    await here.database.db.execute(sql`delete from dialogs`);
  });

  const claim = (
    key: ServiceKey,
    { at = here, signal, ...options }: Partial<Claim> & { at?: Platform; signal?: AbortSignal } = {},
  ) =>
    at.useCases.worker.claim(
      {
        key,
        worker: key.keyId,
        assistants: undefined,
        capacity: null,
        max: 10,
        waitMs: 0,
        leaseMs: 60_000,
        confirmWithinMs: null,
        historyLimit: 100,
        maxBytes: 1_000_000,
        fallback: false,
        ...options,
      },
      signal,
    );
  const ask = async (assistant: string) => {
    const { dialog: dialog_id } = await ann.dialogs.create({ dialog_name: "talk", assistant });
    return ann.runs.start({ dialog_id, text_user: `to the ${assistant}` });
  };
  const idsOf = (runs: { runId: number }[]) => runs.map(({ runId }) => runId);
  /** The logs of both servers are the first one's: they share a database. */
  const claimsOf = () => here.statementLog.filter((name) => /^claim_.*runs$/.test(name)).length;

  /** Waits until `there` has heard all that `here` has told so far: what was sent before a notification arrives before it. */
  const hearAll = async (): Promise<void> => {
    const { dialog: dialog_id } = await ann.dialogs.create({ dialog_name: "talk" });
    here.statementLog.length = 0;
    const sent = there.as({ sessionToken: ann.token }).messages.send({ dialog_id, text_user: "a question" });
    const ended = sent.catch(() => {});
    await until("the question is stored", () => here.statementLog.includes("insert_question"));
    await ann.dialogs.delete({ dialog_id });
    await ended;
  };

  it("get runs of their own assistants only, and may not ask for those of others", async () => {
    const [own, foreign] = [await ask("poet"), await ask("clerk")];
    expect(idsOf(await claim(poet))).toEqual([own.run_id]);
    expect(idsOf(await claim(poet, { assistants: ["poet"] }))).toEqual([]);
    for (const assistants of [["clerk"], ["poet", "clerk"], ["deepbot"], ["nobody"]]) {
      expect(await refusalOf(claim(poet, { assistants }))).toBe("assistant_refused");
    }
    expect(idsOf(await claim(clerk))).toEqual([foreign.run_id]);
  });

  it("see and answer with the original two operations only what is theirs", async () => {
    const [own, foreign] = [await ask("poet"), await ask("clerk")];
    const { legacy } = here.useCases;
    expect((await legacy.listPending(poet)).map(({ dialogId }) => dialogId)).toEqual([own.dialog_id]);
    expect(await legacy.listPending(environmentKey)).toHaveLength(2);
    const reply = (dialogId: number) => legacy.reply(poet, { userId: ann.userId, dialogId, text: "so" });
    expect(await refusalOf(reply(foreign.dialog_id))).toBe("dialog_not_found");
    expect(await refusalOf(reply(own.dialog_id))).toBe("answered");
    expect((await ann.runs.get({ run_id: foreign.run_id })).state).toBe("queued");
    await legacy.reply(clerk, { userId: ann.userId, dialogId: foreign.dialog_id, text: "so" });
    expect(await refusalOf(reply(foreign.dialog_id))).toBe("dialog_not_found");
    expect((await ann.dialogs.get({ dialog_id: foreign.dialog_id })).dialogs).toHaveLength(2);
  });

  it("are woken by their own questions, wherever they wait, and not by those of others", async () => {
    await hearAll();
    const leaving = new AbortController();
    const before = claimsOf();
    const others = [here, there].map((at) => claim(clerk, { at, waitMs: 25_000, signal: leaving.signal }));
    const waiting = claim(poet, { at: there, waitMs: 25_000 });
    await until("all wait", () => claimsOf() >= before + 3);
    const first = await ask("poet");
    expect(idsOf(await waiting)).toEqual([first.run_id]);
    expect(claimsOf()).toBe(before + 4);
    const next = claim(poet, { waitMs: 25_000 });
    await until("it waits", () => claimsOf() >= before + 5);
    const second = await ask("poet");
    expect(idsOf(await next)).toEqual([second.run_id]);
    expect(claimsOf()).toBe(before + 6);
    leaving.abort();
    expect(await Promise.all(others)).toEqual([[], []]);
  });

  it("hear of a run that was released by a worker of theirs", async () => {
    await ask("poet");
    const [run] = await claim(poet, { max: 1 });
    if (run === undefined) throw new Error("There was nothing to claim.");
    const before = claimsOf();
    const waiting = claim(poet, { at: there, waitMs: 25_000 });
    await until("it waits", () => claimsOf() >= before + 1);
    await here.useCases.worker.release(run);
    const [again] = await waiting;
    expect(again).toMatchObject({ runId: run.runId, attempt: 1 });
  });

  it("poll for lost notifications without waking workers for runs that are not theirs", async () => {
    const leaving = new AbortController();
    await ask("poet");
    const before = claimsOf();
    const waiting = Array.from({ length: 5 }, () => claim(clerk, { waitMs: 25_000, signal: leaving.signal }));
    await until("all wait", () => claimsOf() >= before + 5);
    const stopLoops = here.useCases.startLoops({ poll: 20, reap: Infinity, sessionPoll: Infinity });
    here.statementLog.length = 0;
    await until("it has polled", () => here.statementLog.filter((name) => name === "count_claimable").length > 3);
    expect(claimsOf()).toBe(0);
    await stopLoops();
    leaving.abort();
    await Promise.all(waiting);
  });
});
