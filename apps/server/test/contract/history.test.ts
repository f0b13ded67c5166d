import { describe, expect, it } from "vitest";
import { useApi, type Person } from "../support/api.ts";
import { createDialog, startRun } from "../support/dialogs.ts";
import { expectProblem, expectSentence, issuePlaces, languages } from "../support/problem.ts";
import { claimRun, reply, report } from "../support/worker.ts";

interface Page {
  messages: {
    message_id: number;
    seq: number;
    role: string;
    content: string;
    run: { run_id: number; state: string; reason: string | null } | null;
  }[];
  next_before: number | null;
}

describe("GET /dialogs/{dialog_id}/messages", () => {
  const api = useApi();

  const talk = async (answers: number) => {
    const person = await api.signIn();
    const dialogId = await createDialog(person);
    for (let count = 1; count <= answers; count += 1) {
      await reply(api, { userId: person.userId, dialogId, text: `text ${count}` });
    }
    return { person, dialogId };
  };
  const readPage = async (person: Person, dialogId: number, query: string): Promise<Page> => {
    const { status, body } = await person.call<Page>(`GET /dialogs/${dialogId}/messages${query}`);
    expect(status).toBe(200);
    return body;
  };

  it("leads back to the first message, page by page", async () => {
    const { person, dialogId } = await talk(5);
    const seen: string[][] = [];
    for (let next: number | null = 6; next !== null;) {
      const page: Page = await readPage(person, dialogId, `?limit=2&before=${next}`);
      seen.push(page.messages.map(({ content }) => content));
      next = page.next_before;
    }
    expect(seen).toEqual([["text 4", "text 5"], ["text 2", "text 3"], ["text 1"]]);
  });

  it("begins with the newest fifty", async () => {
    const { person, dialogId } = await talk(51);
    const { messages, next_before } = await readPage(person, dialogId, "");
    expect([messages.length, messages[0]?.content, next_before]).toEqual([50, "text 2", 2]);
  });

  it.for(languages)("says after a reload why there is no answer, to a person who reads %s", async (language) => {
    const { person, dialogId } = await talk(0);
    const { run_id } = await startRun(person, dialogId);
    await person.call(`POST /runs/${run_id}/cancel`);
    const { run_id: failedId } = await startRun(person, dialogId, "another");
    await report(api, await claimRun(api), { kind: "fail", code: "x", message: "No idea.", retry: false });
    const headers = { "Accept-Language": language };
    const { body } = await person.call<Page>(`GET /dialogs/${dialogId}/messages`, { headers });
    const [cancelled, failed] = body.messages.map(({ run }) => run);
    expect(cancelled).toMatchObject({ run_id, state: "cancelled" });
    expectSentence(cancelled?.reason ?? "", language);
    expect(failed).toEqual({ run_id: failedId, state: "failed", reason: "No idea." });
  });

  it.for([
    ["?limit=0", "query.limit"],
    ["?limit=201", "query.limit"],
    ["?limit=many", "query.limit"],
    ["?limit=", "query.limit"],
    ["?limit=1e2", "query.limit"],
    ["?before=0", "query.before"],
    ["?before=99999999999999999999", "query.before"],
    ["?before=null", "query.before"],
    ["?offset=5", "query.offset"],
  ])("refuses %s", async ([query, place]) => {
    const { person, dialogId } = await talk(0);
    expect(issuePlaces(await person.call(`GET /dialogs/${dialogId}/messages${query}`))).toEqual([place]);
  });

  it("is 404 for a dialog that is somebody else's or nobody's", async () => {
    const { dialogId } = await talk(1);
    const stranger = await api.signIn();
    for (const id of [dialogId, 987_654]) {
      const refused = await stranger.call(`GET /dialogs/${id}/messages`);
      expect(expectProblem(refused, 404).code).toBe("dialog_not_found");
    }
  });
});
