import { describe, expect, it } from "vitest";
import { useApi, type Person } from "../support/api.ts";
import { createDialog, listDialogs, readDialog, readFlag, startRun } from "../support/dialogs.ts";
import type { Reply, RequestOptions, Target } from "../support/http.ts";
import { expectProblem, expectSentence, languages, type Problem } from "../support/problem.ts";
import { claimRun } from "../support/worker.ts";

type Attempt = (dialogId: number) => [Target, RequestOptions];

/** Every operation of a person's that names a dialog. */
const attempts: [string, Attempt][] = [
  ["delete", (id) => ["POST /dialogs/delete", { json: { dialog_id: id } }]],
  ["rename", (id) => ["POST /dialogs/rename", { json: { dialog_id: id, dialog_name: "stolen" } }]],
  ["get", (id) => [`GET /dialogs/${id}`, {}]],
  ["flag", (id) => [`GET /dialogs/flag/${id}`, {}]],
  ["flag by its other path", (id) => [`GET /flag/${id}`, {}]],
  ["send", (id) => ["POST /send/message/ai", { json: { dialog_id: id, text_user: "hello" } }]],
  ["start a run", (id) => [`POST /dialogs/${id}/runs`, { json: { text_user: "hello" } }]],
];

const neverMade = 2_000_000_000;

/** A dialog that awaits an answer, and one that was deleted. */
async function prepare(owner: Person): Promise<{ foreign: number; deleted: number }> {
  const [foreign, deleted] = [await createDialog(owner, "foreign"), await createDialog(owner, "deleted")];
  await startRun(owner, foreign, "mine alone");
  await owner.call("POST /dialogs/delete", { json: { dialog_id: deleted } });
  return { foreign, deleted };
}

/** A refusal without what differs from one request to the next. */
function essence(reply: Reply): Omit<Problem, "request_id"> {
  const { request_id: _, ...rest } = expectProblem(reply, 404);
  return rest;
}

describe("nobody's or somebody else's", () => {
  const api = useApi();

  describe("a dialog of nobody or of somebody else", () => {
    it.for(attempts)("is not found, with the same body, by %s", async ([, attempt]) => {
      const [owner, stranger] = [await api.signIn(), await api.signIn()];
      const { foreign, deleted } = await prepare(owner);
      for (const language of languages) {
        const refusal = async (person: Person, dialogId: number) => {
          const [target, options] = attempt(dialogId);
          return essence(await person.call(target, { ...options, headers: { "Accept-Language": language } }));
        };
        const unknown = await refusal(stranger, neverMade);
        expectSentence(unknown.detail, language);
        expect(await refusal(stranger, foreign)).toEqual(unknown);
        expect(await refusal(owner, deleted)).toEqual(unknown);
        expect(await refusal(owner, 0)).toEqual(unknown);
        expect(await refusal(owner, -1)).toEqual(unknown);
      }
      expect(await listDialogs(owner)).toEqual([{ dialog_id: foreign, dialog_name: "foreign" }]);
      expect(await readDialog(owner, foreign)).toEqual(["user: mine alone"]);
      expect(await readFlag(owner, foreign)).toBe(true);
    });

    it.for<[string, Target, object]>([
      ["rename", "POST /dialogs/rename", { dialog_id: neverMade, dialog_name: "no" }],
      ["send", "POST /send/message/ai", { dialog_id: neverMade, text_user: "" }],
      ["start a run", `POST /dialogs/${neverMade}/runs`, { text_user: "" }],
    ])("is not looked for while the input is invalid, by %s", async ([, target, json]) => {
      const person = await api.signIn();
      expectProblem(await person.call(target, { json }), 422);
    });

    const largestSafe = "9007199254740991";
    const numbers = [
      largestSafe,
      "9007199254740993",
      "9223372036854775807",
      "9223372036854775808",
      "1e30",
      "-9223372036854775809",
    ];
    it.for(attempts.flatMap(([name, attempt]) => numbers.map((number) => [name, number, attempt] as const)))(
      "is not found, or no valid id, when %s names it %s",
      async ([, number, attempt]) => {
        const person = await api.signIn();
        const [target, { json }] = attempt(neverMade);
        const text = JSON.stringify(json ?? {}).replace(String(neverMade), number);
        const options = json === undefined ? {} : { body: text, headers: { "Content-Type": "application/json" } };
        const reply = await person.call(target.replace(String(neverMade), number) as Target, options);
        expectProblem(reply, number === largestSafe ? 404 : 422);
      },
    );
  });

  describe("a run of nobody or of somebody else", () => {
    it("is not found, with the same body", async () => {
      const [owner, stranger] = [await api.signIn(), await api.signIn()];
      const run = await startRun(owner, await createDialog(owner));
      const unknown = essence(await stranger.call("GET /runs/2000000000"));
      expect(essence(await stranger.call(`GET /runs/${run.run_id}`))).toEqual(unknown);
      for (const language of languages) {
        const headers = { "Accept-Language": language };
        expectSentence(essence(await stranger.call("GET /runs/2000000000", { headers })).detail, language);
      }
    });

    it("is not found by a worker once its dialog is deleted", async () => {
      const person = await api.signIn();
      const dialogId = await createDialog(person);
      await startRun(person, dialogId);
      const { run_id: runId, lease_token } = await claimRun(api);
      await person.call("POST /dialogs/delete", { json: { dialog_id: dialogId } });
      const reports = {
        heartbeat: {},
        append: { seq: 1, text: "x" },
        complete: { text: "x" },
        fail: { code: "x", message: "x", retry: true },
        release: {},
      };
      for (const [kind, facts] of Object.entries(reports)) {
        essence(await api.asWorker(`POST /worker/runs/${runId}/${kind}`, { json: { lease_token, ...facts } }));
      }
      expectProblem(await person.call(`GET /runs/${runId}`), 404);
    });

    it.for(["9007199254740993", "9223372036854775808", "99999999999999999999999999"])(
      "is refused by the id %s, which is no safe integer",
      async (id) => {
        const person = await api.signIn();
        const json = { lease_token: "00000000-0000-4000-8000-000000000000" };
        const replies = [
          await person.call(`GET /runs/${id}`),
          await api.asWorker(`POST /worker/runs/${id}/heartbeat`, { json }),
        ];
        for (const reply of replies) expectProblem(reply, 422);
      },
    );
  });
});
