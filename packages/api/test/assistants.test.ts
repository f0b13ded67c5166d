import { mainEngine, sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { toProblem } from "../src/problem.ts";
import { createPlatform, serviceKey, type Platform, type TestPerson } from "./support/platform.ts";
import { refusalOf } from "./support/refusal.ts";

describe("assistants", () => {
  let platform: Platform;
  let operator: TestPerson;
  let ann: TestPerson;
  beforeAll(async () => {
    platform = await createPlatform(mainEngine(), { adminEmails: ["olga@example.com"], assistantsMax: 4 });
    operator = await platform.person("Olga");
    ann = await platform.person();
  });
  afterAll(() => platform.close());
  afterEach(async () => {
    await platform.database.db.execute(sql`delete from dialogs`);
    await platform.database.db.execute(sql`delete from assistants where assistant_id <> 1`);
    platform.emitted.length = 0;
  });

  const make = (slug: string, options: object = {}) => operator.assistants.create({ slug, name: slug, ...options });
  const dialogWith = async (assistant?: string) =>
    (await ann.dialogs.create({ dialog_name: "talk", assistant })).dialog;
  const ask = async (assistant?: string) =>
    ann.runs.start({ dialog_id: await dialogWith(assistant), text_user: "a question" });
  const claim = async (options: object = {}) => {
    const [run] = (await platform.worker.worker.claim({ worker: "w", wait_ms: 0, ...options })).runs;
    return run;
  };
  const leaseOf = (run: Awaited<ReturnType<typeof claim>>) => ({
    run_id: run?.run_id ?? 0,
    lease_token: run?.lease_token ?? "",
  });
  const audited = () => platform.emitted.filter(({ kind }) => kind === "assistant_changed");

  it("are listed for people without what is the operators', and online while a worker waits for them", async () => {
    await make("poet", {
      greeting: "Hello!",
      suggestions: ["A poem"],
      instructions: "Rhyme.",
      accepts: ["text", "image"],
    });
    await make("clerk");
    const leaving = new AbortController();
    const waiting = platform
      .as({ serviceKey, signal: leaving.signal })
      .worker.claim({ worker: "w", wait_ms: 25_000, assistants: ["poet"] });
    const online = async () => (await ann.assistants.list()).assistants.filter((each) => each.online);
    await until("the worker waits", async () => (await online()).length > 0);
    expect((await ann.assistants.list()).assistants).toEqual([
      expect.objectContaining({ slug: "deepbot", name: "Deepbot", online: false }),
      {
        slug: "poet",
        name: "poet",
        description: "",
        greeting: "Hello!",
        suggestions: ["A poem"],
        accepts: ["text", "image"],
        online: true,
      },
      expect.objectContaining({ slug: "clerk", online: false }),
    ]);
    leaving.abort();
    await waiting;
    await until("the worker has left", async () => (await online()).length === 0);
  });

  it("are the business of operators alone", async () => {
    await make("poet");
    expect(await refusalOf(ann.assistants.listAll())).toBe("operator_only");
    expect(await refusalOf(ann.assistants.create({ slug: "x", name: "x" }))).toBe("operator_only");
    expect(await refusalOf(ann.assistants.update({ slug: "poet", name: "x" }))).toBe("operator_only");
    expect(await refusalOf(ann.assistants.disable({ slug: "poet" }))).toBe("operator_only");
    expect(await refusalOf(platform.worker.assistants.listAll())).toBe("unauthenticated");
    expect((await operator.assistants.listAll()).assistants.map(({ slug, name }) => [slug, name])).toEqual([
      ["deepbot", "Deepbot"],
      ["poet", "poet"],
    ]);
  });

  it("have slugs of their own and a bounded number, and each change is told of with before and after", async () => {
    await make("poet", { questions_per_day: 5 });
    expect(await refusalOf(make("poet"))).toBe("assistant_slug_taken");
    expect(await refusalOf(make("Not A Slug"))).toBe("invalid_input");
    await make("clerk");
    await make("guide");
    expect(await refusalOf(make("fifth"))).toBe("assistant_limit");
    expect(await refusalOf(operator.assistants.update({ slug: "clerk", new_slug: "poet" }))).toBe(
      "assistant_slug_taken",
    );
    platform.emitted.length = 0;
    const instructions = "Rhyme. ".repeat(40);
    await operator.assistants.update({ slug: "poet", questions_per_day: null, instructions });
    await operator.assistants.disable({ slug: "poet" });
    await operator.assistants.update({ slug: "poet", disabled: false });
    expect(audited()).toMatchObject([
      {
        change: "updated",
        userId: operator.userId,
        slug: "poet",
        before: { instructions: "", questionsPerDay: 5 },
        after: { instructions: `${instructions.length + 2} characters`, questionsPerDay: null },
      },
      { change: "disabled", before: { disabledAt: null } },
      { change: "enabled", after: { disabledAt: null } },
    ]);
    expect(await refusalOf(operator.assistants.update({ slug: "nobody", name: "x" }))).toBe("assistant_not_found");
    expect(await refusalOf(operator.assistants.disable({ slug: "nobody" }))).toBe("assistant_not_found");
  });

  it("keep dialogs, and workers that wait, when they are renamed", async () => {
    await make("poet");
    const dialog_id = await dialogWith("poet");
    const claimed = platform.worker.worker.claim({ worker: "w", wait_ms: 25_000, assistants: ["poet"] });
    await until("the worker waits", async () => (await ann.assistants.list()).assistants[1]?.online);
    const renamed = await operator.assistants.update({ slug: "poet", new_slug: "bard", name: "Bard" });
    expect(renamed).toMatchObject({ slug: "bard", name: "Bard" });
    const { run_id } = await ann.runs.start({ dialog_id, text_user: "a question" });
    expect((await claimed).runs).toMatchObject([{ run_id, assistant: { slug: "bard" } }]);
    expect(await refusalOf(claim({ assistants: ["poet"] }))).toBe("assistant_refused");
  });

  it("that are disabled keep their dialogs and what is queued, and refuse new questions with a sentence", async () => {
    await make("poet");
    const queued = await ask("poet");
    const dialog_id = await dialogWith("poet");
    const failed = await ask("poet");
    await claim({ assistants: ["poet"] });
    const lease = leaseOf(await claim({ assistants: ["poet"] }));
    await platform.worker.worker.fail({ ...lease, code: "x", message: "x", retry: false });
    expect(lease.run_id).toBe(failed.run_id);
    await operator.assistants.disable({ slug: "poet" });
    expect((await ann.assistants.list()).assistants.map(({ slug }) => slug)).toEqual(["deepbot"]);
    const refused = await ann.runs.start({ dialog_id, text_user: "another" }).catch((error: unknown) => error);
    expect(toProblem(refused, { locale: "en", requestId: "test" })).toMatchObject({
      status: 409,
      code: "assistant_disabled",
      detail: "This assistant takes no new questions. Its dialogs can still be read.",
    });
    expect(await refusalOf(ann.messages.send({ dialog_id, text_user: "another" }))).toBe("assistant_disabled");
    expect(await refusalOf(ann.runs.retry({ run_id: failed.run_id }))).toBe("assistant_disabled");
    expect(await refusalOf(dialogWith("poet"))).toBe("assistant_disabled");
    expect(await refusalOf(dialogWith("nobody"))).toBe("assistant_not_found");
    expect((await ann.dialogs.get({ dialog_id: queued.dialog_id })).dialogs).toHaveLength(1);
    const reply = { user_id: ann.userId, dialog_id: queued.dialog_id, text_user: "late" };
    expect(await refusalOf(platform.worker.messages.reply(reply))).toBe("answered");
    await operator.assistants.update({ slug: "poet", disabled: false });
    expect(await refusalOf(ann.runs.start({ dialog_id, text_user: "another" }))).toBe("answered");
  });

  it("do without disabling or renaming the default one, whose name may change", async () => {
    expect(await refusalOf(operator.assistants.disable({ slug: "deepbot" }))).toBe("assistant_fixed");
    expect(await refusalOf(operator.assistants.update({ slug: "deepbot", new_slug: "x" }))).toBe("assistant_fixed");
    expect(await operator.assistants.update({ slug: "deepbot", name: "Our bot" })).toMatchObject({ name: "Our bot" });
    await operator.assistants.update({ slug: "deepbot", name: "Deepbot" });
  });

  it("take over dialogs that await nothing, with all that was said", async () => {
    await make("poet");
    const { run_id, dialog_id } = await ask();
    const moving = () => ann.dialogs.update({ dialog_id, assistant: "poet" });
    expect(await refusalOf(moving())).toBe("answer_awaited");
    await platform.worker.worker.complete({ ...leaseOf(await claim()), text: "an answer" });
    expect(await refusalOf(ann.dialogs.update({ dialog_id, assistant: "nobody" }))).toBe("assistant_not_found");
    const eve = await platform.person();
    expect(await refusalOf(eve.dialogs.update({ dialog_id, assistant: "poet" }))).toBe("dialog_not_found");
    expect(await moving()).toEqual({ dialog_id, dialog_name: "talk", assistant: "poet" });
    const next = await ann.runs.start({ dialog_id, text_user: "and now?" });
    expect(next.run_id).not.toBe(run_id);
    expect(await claim({ assistants: ["deepbot"] })).toBeUndefined();
    const claimed = await claim({ assistants: ["poet"] });
    expect(claimed?.messages.map(({ content }) => content)).toEqual(["a question", "an answer", "and now?"]);
  });

  it("take over a dialog whose run is past its deadline", async () => {
    await make("poet");
    const { run_id, dialog_id } = await ask();
    await platform.database.db.execute(
      sql`update runs set deadline_at = now() - interval '1 second' where run_id = ${run_id}`,
    );
    expect(await ann.dialogs.update({ dialog_id, assistant: "poet" })).toMatchObject({ assistant: "poet" });
  });

  it("limit a person's questions in a day, and the length of answers", async () => {
    await make("poet", { questions_per_day: 1, answer_max_bytes: 4 });
    await ask("poet");
    const problem = toProblem(await ask("poet").catch((error: unknown) => error), { locale: "en", requestId: "test" });
    expect(problem).toMatchObject({ code: "quota_exceeded", status: 429, quota: "assistant_questions", limit: 1 });
    const lease = leaseOf(await claim());
    const { append, complete } = platform.worker.worker;
    expect(await refusalOf(append({ ...lease, seq: 1, text: "12345" }))).toBe("answer_too_long");
    expect(await refusalOf(complete({ ...lease, text: "12345" }))).toBe("answer_too_long");
    expect(await refusalOf(complete({ ...lease, text: "1234" }))).toBe("answered");
  });

  it("hear the language and the trace of the request that asked, and the same id for the same person", async () => {
    await make("poet", { instructions: "Rhyme." });
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const dialog_id = await dialogWith("poet");
    const asking = platform.as({ sessionToken: ann.token, locale: "ru", traceparent });
    const { run_id } = await asking.runs.start({ dialog_id, text_user: "почему?" });
    const first = await claim();
    expect(first).toMatchObject({ locale: "ru", traceparent, assistant: { slug: "poet", instructions: "Rhyme." } });
    await platform.worker.worker.fail({ ...leaseOf(first), code: "x", message: "x", retry: false });
    await ann.runs.retry({ run_id });
    const second = await claim();
    expect(second).toMatchObject({ locale: "en", user: first?.user });
    expect(second).not.toHaveProperty("traceparent");
    await ask();
    const elsewhere = await claim();
    expect(elsewhere?.user).not.toBe(first?.user);
    const eve = await platform.person();
    const { dialog } = await eve.dialogs.create({ dialog_name: "talk", assistant: "poet" });
    await eve.runs.start({ dialog_id: dialog, text_user: "why?" });
    expect((await claim())?.user).not.toBe(first?.user);
  });
});
