import { setTimeout as delay } from "node:timers/promises";
import { describePostgres, sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createPlatform, type Platform, type TestPerson } from "./support/platform.ts";
import { refusalOf } from "./support/refusal.ts";

/** How soon an end must be felt everywhere, nineteen times of twenty. */
const promisedMs = 1_000;

/** For each single end: a machine that runs other tests beside this one may stop for longer than a second. */
const slowestMs = 5_000;

const rounds = 20;

/**
 * Two servers of one database. The keys are polled only at the second one of the two pairs: notifications alone must do at the
 * first.
 */
describePostgres("the end of a key or a token at one server is felt at another", () => {
  const settings = { adminEmails: ["operator@example.com"], retryBackoffMs: 0, watchesPerUser: 100 };
  let here: Platform;
  let there: Platform;
  let polling: Platform;
  let operator: TestPerson;
  let ann: TestPerson;
  beforeAll(async () => {
    here = await createPlatform("postgres", settings);
    const shared = here.database;
    there = await createPlatform("postgres", settings, { shared });
    polling = await createPlatform("postgres", settings, {
      shared,
      intervals: { poll: Infinity, sessionPoll: Infinity },
    });
    operator = await here.person("operator");
    ann = await here.person();
  });
  afterAll(async () => {
    await polling.close();
    await there.close();
    await here.close();
  });

  const makeKey = async () => {
    const { key, key_id } = await operator.keys.create({ name: "w", scopes: ["runs"] });
    // A server may know the keys of 10 ms ago.
    await delay(20);
    return {
      key_id,
      at: (platform: Platform, signal?: AbortSignal) =>
        platform.as({ serviceKey: key, ...(signal === undefined ? {} : { signal }) }),
    };
  };
  const ask = async (person = ann) => {
    const { dialog: dialog_id } = await person.dialogs.create({ dialog_name: "talk" });
    const { run_id } = await person.runs.start({ dialog_id, text_user: "question" });
    return { dialog_id, run_id };
  };
  const claimAt = async (caller: ReturnType<Platform["as"]>, wait_ms = 0) => {
    const [run] = (await caller.worker.claim({ worker: "w", wait_ms })).runs;
    return { run_id: run?.run_id ?? 0, lease_token: run?.lease_token ?? "" };
  };
  const expire = (table: "service_keys" | "personal_tokens", id: string) =>
    here.database.db.execute(
      table === "service_keys"
        ? sql`update service_keys set expires_at = now() where key_id = ${id}`
        : sql`update personal_tokens set expires_at = now() where token_id = ${id}`,
    );
  const waitAt = async (platform: Platform, caller: ReturnType<Platform["as"]>) => {
    here.statementLog.length = 0;
    const waiting = refusalOf(caller.worker.claim({ worker: "w", wait_ms: 25_000 }));
    await until("the worker waits", () => here.statementLog.some((name) => name.startsWith("claim_")));
    return { waiting, platform };
  };
  const within = async (promise: Promise<unknown>): Promise<unknown> => {
    const began = performance.now();
    const result = await promise;
    expect(performance.now() - began).toBeLessThan(slowestMs);
    return result;
  };

  it("a claim that waits ends with 401 when its key is revoked", async () => {
    const { key_id, at } = await makeKey();
    const { waiting } = await waitAt(there, at(there));
    await operator.keys.revoke({ key_id });
    expect(await within(waiting)).toBe("key_invalid");
    expect(await refusalOf(at(there).worker.claim({ worker: "w" }))).toBe("key_invalid");
    expect(await refusalOf(at(here).worker.claim({ worker: "w" }))).toBe("key_invalid");
  });

  it("a claim that waits ends with 401 when its key expires", async () => {
    const { key_id, at } = await makeKey();
    const { waiting } = await waitAt(polling, at(polling));
    await expire("service_keys", key_id);
    expect(await within(waiting)).toBe("key_invalid");
  });

  it("a claim of another key goes on, and one whose worker leaves ends quietly", async () => {
    const [ended, live] = [await makeKey(), await makeKey()];
    const leaving = new AbortController();
    const { waiting } = await waitAt(there, live.at(there, leaving.signal));
    await operator.keys.revoke({ key_id: ended.key_id });
    const { dialog_id } = await ask();
    expect(await waiting).toBe("answered");
    const { waiting: left } = await waitAt(there, live.at(there, leaving.signal));
    leaving.abort();
    expect(await left).toBe("answered");
    await ann.dialogs.delete({ dialog_id });
  });

  it("its runs go back to the queue without losing the attempt, and another worker gets them", async () => {
    const [ended, other] = [await makeKey(), await makeKey()];
    const { dialog_id, run_id } = await ask();
    const lease = await claimAt(ended.at(there));
    expect(lease.run_id).toBe(run_id);
    await ended.at(there).worker.append({ ...lease, seq: 1, text: "half" });
    const next = other.at(there).worker.claim({ worker: "w", wait_ms: 25_000 });
    await operator.keys.revoke({ key_id: ended.key_id });
    expect(((await within(next)) as Awaited<typeof next>).runs).toMatchObject([{ run_id, attempt: 1 }]);
    expect(await refusalOf(ended.at(there).worker.complete({ ...lease, text: "x" }))).toBe("key_invalid");
    await ann.dialogs.delete({ dialog_id });
  });

  it.each([
    ["assistants", { assistants: ["other"] }],
    ["scopes", { scopes: ["legacy" as const] }],
  ])("a key whose %s become fewer loses its waits and its runs, and no more", async (_, change) => {
    await operator.assistants.create({ slug: "other", name: "Other" }).catch(() => {});
    const [narrowed, next] = [await makeKey(), await makeKey()];
    const { dialog_id, run_id } = await ask();
    expect((await claimAt(narrowed.at(there))).run_id).toBe(run_id);
    const { waiting } = await waitAt(there, narrowed.at(there));
    await operator.keys.update({ key_id: narrowed.key_id, name: "the same" });
    expect((await ann.runs.get({ run_id })).state).toBe("running");
    await operator.keys.update({ key_id: narrowed.key_id, ...change });
    expect(await within(waiting)).toBe("answered");
    expect(await claimAt(next.at(here))).toMatchObject({ run_id });
    expect(await ann.runs.get({ run_id })).toMatchObject({ attempt: 1 });
    await ann.dialogs.delete({ dialog_id });
  });

  it("so do those of a key that expires while its worker is busy", async () => {
    const { key_id, at } = await makeKey();
    const { dialog_id, run_id } = await ask();
    expect((await claimAt(at(polling))).run_id).toBe(run_id);
    await expire("service_keys", key_id);
    const isQueued = async () => (await ann.runs.get({ run_id })).state === "queued";
    await within(until("the run is queued again", isQueued));
    expect(await ann.runs.get({ run_id })).toMatchObject({ attempt: 0 });
    await ann.dialogs.delete({ dialog_id });
  });

  it.each([
    ["ended", () => there, (token_id: string) => ann.tokens.end({ token_id })],
    ["expired", () => polling, (token_id: string) => expire("personal_tokens", token_id)],
  ] as const)("the event streams and waits of a token that is %s end", async (_, server, end) => {
    const { token, token_id } = await ann.tokens.create({ name: "script" });
    const script = server().as({ personalToken: token });
    const { dialog_id, run_id } = await ask();
    const events = (await script.runs.watch({ run_id }))[Symbol.asyncIterator]();
    await events.next();
    const next = refusalOf(events.next());
    const { dialog: other } = await ann.dialogs.create({ dialog_name: "other" });
    here.statementLog.length = 0;
    const waiting = refusalOf(script.messages.send({ dialog_id: other, text_user: "question" }));
    await until("the question is stored", () => here.statementLog.includes("insert_question"));
    await end(token_id);
    expect(await within(Promise.all([next, waiting]))).toEqual(["token_invalid", "token_invalid"]);
    expect(await refusalOf(script.auth.me())).toBe("token_invalid");
    await ann.dialogs.delete({ dialog_id });
    await ann.dialogs.delete({ dialog_id: other });
  });

  interface Lasting {
    /** Of the key or the token. */
    id: string;
    refusal: Promise<unknown>;
  }

  const beginWait = async (platform: Platform): Promise<Lasting> => {
    const { key_id, at } = await makeKey();
    const { waiting } = await waitAt(platform, at(platform));
    return { id: key_id, refusal: waiting };
  };
  const beginStream = async (platform: Platform, person: TestPerson, run_id: number): Promise<Lasting> => {
    const { token, token_id } = await person.tokens.create({ name: "script" });
    const events = (await platform.as({ personalToken: token }).runs.watch({ run_id }))[Symbol.asyncIterator]();
    await events.next();
    return { id: token_id, refusal: refusalOf(events.next()) };
  };

  const cases = [
    {
      credential: "a key that is revoked",
      begin: beginWait,
      server: () => there,
      end: (key_id: string) => operator.keys.revoke({ key_id }),
    },
    {
      credential: "a key that expires",
      begin: beginWait,
      server: () => polling,
      end: (key_id: string) => expire("service_keys", key_id),
    },
    {
      credential: "a token that is ended",
      begin: beginStream,
      server: () => there,
      end: (token_id: string, person: TestPerson) => person.tokens.end({ token_id }),
    },
    {
      credential: "a token that expires",
      begin: beginStream,
      server: () => polling,
      end: (token_id: string) => expire("personal_tokens", token_id),
    },
  ];

  /** How long each of twenty was felt after its end, the longest last. */
  const measure = async ({ begin, server, end }: (typeof cases)[number]): Promise<number[]> => {
    const person = await here.person();
    const { run_id } = await ask(person);
    const lasting: Lasting[] = [];
    while (lasting.length < rounds) lasting.push(await begin(server(), person, run_id));
    const times: Promise<number>[] = [];
    for (const { id, refusal } of lasting) {
      const endedAt = performance.now();
      await end(id, person);
      times.push(refusal.then(() => performance.now() - endedAt));
      // The ends are spread over two seconds, so that they come at all moments between polls that are too slow.
      await delay((2 * promisedMs) / rounds);
    }
    return (await Promise.all(times)).toSorted((a, b) => a - b);
  };

  it.for(cases)("what lasts under $credential ends within a second, nineteen times of twenty", async (each) => {
    let times = await measure(each);
    // A busy machine stops for a second now and then; a poll that comes too late does so each time.
    for (let tries = 1; tries < 3 && (times.at(-2) ?? 0) >= promisedMs; tries += 1) times = await measure(each);
    expect(times.at(-1)).toBeLessThan(slowestMs);
    expect(times.at(-2)).toBeLessThan(promisedMs);
  });
});
