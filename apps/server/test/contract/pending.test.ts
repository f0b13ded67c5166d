import { describe, expect, it } from "vitest";
import { useApi, type Person } from "../support/api.ts";
import { createDialog, startRun } from "../support/dialogs.ts";
import { claimRun, reply, report } from "../support/worker.ts";

/** The whole answer, of rows that each have a dialog's owner, the dialog and a text. */
function pending(...rows: [Person, number, string][]): object {
  const messages = rows.map(([{ userId }, dialogId, content]) => ({ user_id: userId, dialog_id: dialogId, content }));
  return { success: true, service_message: messages };
}

describe("GET /messages", () => {
  const api = useApi();

  const readPending = async () => {
    const { status, body } = await api.asWorker("GET /messages");
    expect(status).toBe(200);
    return body;
  };

  it("is empty while nothing is asked", async () => {
    const person = await api.signIn();
    await createDialog(person);
    expect(await readPending()).toEqual({ success: true, service_message: [] });
  });

  it("gives the open question", async () => {
    const person = await api.signIn();
    const dialogId = await createDialog(person);
    await startRun(person, dialogId, " как дела? 😀\n");
    expect(await readPending()).toEqual(pending([person, dialogId, " как дела? 😀\n"]));
  });

  it("gives all user messages of awaiting dialogs in the order of storing, and none of idle ones", async () => {
    const [anna, boris] = [await api.signIn(), await api.signIn()];
    const [first, second] = [await createDialog(anna, "first"), await createDialog(anna, "second")];
    const [third, idle] = [await createDialog(boris, "third"), await createDialog(boris, "idle")];
    const answer = (person: Person, dialogId: number) =>
      reply(api, { userId: person.userId, dialogId, text: "an answer" });
    await startRun(boris, third, "third 1");
    await startRun(anna, first, "first 1");
    await answer(anna, first);
    await startRun(boris, idle, "idle 1");
    await answer(boris, idle);
    await startRun(anna, second, "second 1");
    await answer(boris, third);
    await startRun(anna, first, "first 2");
    await startRun(boris, third, "third 2");
    expect(await readPending()).toEqual(
      pending(
        [boris, third, "third 1"],
        [anna, first, "first 1"],
        [anna, second, "second 1"],
        [anna, first, "first 2"],
        [boris, third, "third 2"],
      ),
    );
    await answer(anna, first);
    expect(await readPending()).toEqual(
      pending([boris, third, "third 1"], [anna, second, "second 1"], [boris, third, "third 2"]),
    );
  });

  it("gives a question that stayed without an answer together with the open one", async () => {
    const person = await api.signIn();
    const dialogId = await createDialog(person);
    await startRun(person, dialogId, "the first");
    await report(api, await claimRun(api), { kind: "fail", code: "x", message: "x", retry: false });
    expect(await readPending()).toEqual(pending());
    await startRun(person, dialogId, "the second");
    expect(await readPending()).toEqual(pending([person, dialogId, "the first"], [person, dialogId, "the second"]));
  });

  it("gives the same rows to everybody who asks, also while a worker holds the run", async () => {
    const person = await api.signIn();
    const dialogId = await createDialog(person);
    await startRun(person, dialogId, "a question");
    const before = await readPending();
    await claimRun(api);
    expect([before, await readPending()]).toEqual([before, pending([person, dialogId, "a question"])]);
  });

  it("gives nothing of a deleted dialog", async () => {
    const person = await api.signIn();
    const dialogId = await createDialog(person);
    await startRun(person, dialogId);
    await person.call("POST /dialogs/delete", { json: { dialog_id: dialogId } });
    expect(await readPending()).toEqual(pending());
  });

  it("never lists a text of the bot, not even as the first of a dialog", async () => {
    const person = await api.signIn();
    const dialogId = await createDialog(person);
    await reply(api, { userId: person.userId, dialogId, text: "hello" });
    await startRun(person, dialogId, "hello yourself");
    expect(await readPending()).toEqual(pending([person, dialogId, "hello yourself"]));
  });

  it("ignores what stands in the query", async () => {
    const { status, body } = await api.asWorker("GET /messages?limit=1&dialog_id=7");
    expect([status, body]).toEqual([200, pending()]);
  });
});
