import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { useApi, type Person } from "../support/api.ts";
import { createDialog, readDialog, untilAwaited, type Run } from "../support/dialogs.ts";
import { outcomeOf } from "../support/http.ts";
import { expectProblem, expectRefusal, issuePlaces, languages } from "../support/problem.ts";
import { claimRun, claimRuns, reply, report } from "../support/worker.ts";

interface Question {
  person: Person;
  dialogId: number;
  id: string;
  text?: string;
}

function ask({ person, dialogId, id, text = "a question" }: Question, language = "en") {
  const json = { dialog_id: dialogId, text_user: text, client_message_id: id };
  return person.call<{ answer_ai: string }>("POST /send/message/ai", {
    json,
    headers: { "Accept-Language": language },
  });
}

function start({ person, dialogId, id, text = "a question" }: Question) {
  return person.call<Run>(`POST /dialogs/${dialogId}/runs`, { json: { text_user: text, client_message_id: id } });
}

describe("a message with a client_message_id", () => {
  const api = useApi();

  const prepare = async () => {
    const person = await api.signIn();
    return { person, dialogId: await createDialog(person), id: randomUUID() };
  };

  it("is answered like any other", async () => {
    const question = await prepare();
    const sent = ask(question);
    await report(api, await claimRun(api), { kind: "complete", text: "an answer" });
    expect((await sent).body).toEqual({ server: "ok", answer_ai: "an answer" });
  });

  it("waits for the same answer when it is repeated, and is stored once", async () => {
    const question = await prepare();
    const { person, dialogId } = question;
    const first = ask(question);
    await untilAwaited(person, dialogId);
    const repeats = [ask(question), ask(question)];
    await reply(api, { userId: person.userId, dialogId, text: "the answer" });
    for (const { status, body } of await Promise.all([first, ...repeats])) {
      expect([status, body]).toEqual([200, { server: "ok", answer_ai: "the answer" }]);
    }
    expect(await readDialog(person, dialogId)).toEqual(["user: a question", "bot: the answer"]);
  });

  it("is stored once when all repeats come at once", async () => {
    const question = await prepare();
    const { person, dialogId } = question;
    const sent = Array.from({ length: 8 }, () => ask(question));
    await report(api, await claimRun(api), { kind: "complete", text: "the answer" });
    expect(new Set((await Promise.all(sent)).map(({ text }) => text))).toEqual(
      new Set(['{"server":"ok","answer_ai":"the answer"}']),
    );
    expect(await readDialog(person, dialogId)).toEqual(["user: a question", "bot: the answer"]);
    expect(await claimRuns(api, { wait_ms: 0 })).toEqual([]);
  });

  it("gets its answer at once when it is repeated later, also after other messages", async () => {
    const question = await prepare();
    const { person, dialogId } = question;
    const userId = person.userId;
    for (const text of ["first", "second"]) {
      const sent = ask({ ...question, id: text === "first" ? question.id : randomUUID(), text });
      await untilAwaited(person, dialogId);
      await reply(api, { userId, dialogId, text: `${text} answer` });
      await sent;
    }
    expect((await ask({ ...question, text: "first" })).body).toEqual({ server: "ok", answer_ai: "first answer" });
    expect(await readDialog(person, dialogId)).toHaveLength(4);
  });

  it("is attached to by a repeat after its client went away", async () => {
    const question = await prepare();
    const { person, dialogId, id } = question;
    const client = new AbortController();
    const json = { dialog_id: dialogId, text_user: "a question", client_message_id: id };
    const left = outcomeOf(person.call("POST /send/message/ai", { json, signal: client.signal }));
    await untilAwaited(person, dialogId);
    client.abort();
    expect(await left).toBe("AbortError");
    const again = ask(question);
    await report(api, await claimRun(api), { kind: "complete", text: "the answer" });
    expect((await again).body.answer_ai).toBe("the answer");
    expect(await readDialog(person, dialogId)).toEqual(["user: a question", "bot: the answer"]);
  });

  it("is 422 with another text, while the answer is awaited and after it", async () => {
    const question = await prepare();
    const { person, dialogId } = question;
    await start(question);
    const refuse = async () => {
      for (const language of languages) {
        expectRefusal(await ask({ ...question, text: "another text" }, language), { status: 422, language });
      }
      expectProblem(await start({ ...question, text: "a question " }), 422);
    };
    await refuse();
    await report(api, await claimRun(api), { kind: "complete", text: "the answer" });
    await refuse();
    expect(await readDialog(person, dialogId)).toEqual(["user: a question", "bot: the answer"]);
  });

  it("of another message is 409 while an answer is awaited", async () => {
    const question = await prepare();
    const { body: run } = await start(question);
    expect(expectProblem(await ask({ ...question, id: randomUUID() }), 409).run_id).toBe(run.run_id);
  });

  it("started without waiting gets the same run again, and is waited for by a send", async () => {
    const question = await prepare();
    const [first, second] = [await start(question), await start(question)];
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body.run_id).toBe(first.body.run_id);
    const sent = ask(question);
    await report(api, await claimRun(api), { kind: "complete", text: "the answer" });
    expect((await sent).body.answer_ai).toBe("the answer");
    expect((await start(question)).body).toMatchObject({ run_id: first.body.run_id, state: "completed" });
    expect(await readDialog(question.person, question.dialogId)).toHaveLength(2);
  });

  it("is no message of somebody else's with the same id", async () => {
    const [mine, theirs] = [await prepare(), await prepare()];
    await start(mine);
    const { body: run } = await start({ ...theirs, id: mine.id, text: "theirs" });
    expect(run.dialog_id).toBe(theirs.dialogId);
    expect(await readDialog(theirs.person, theirs.dialogId)).toEqual(["user: theirs"]);
  });

  it("is the same message when the UUID is written in capitals", async () => {
    const question = await prepare();
    const [first, second] = [await start(question), await start({ ...question, id: question.id.toUpperCase() })];
    expect(second.body.run_id).toBe(first.body.run_id);
  });

  it("that is no UUID is invalid input", async () => {
    const question = await prepare();
    expect(issuePlaces(await start({ ...question, id: "1" }))).toEqual(["body.client_message_id"]);
  });
});
