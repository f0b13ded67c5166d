import { describe, expect, it } from "vitest";
import { useApi } from "../support/api.ts";
import { readDialog, readRun } from "../support/dialogs.ts";
import { expectProblem, expectRefusal, expectSentence, issuePlaces, languages } from "../support/problem.ts";
import { claimRun, reply, report, startHeldRun, type Report } from "../support/worker.ts";

const facts: Record<Report, Record<string, unknown>> = {
  heartbeat: {},
  append: { seq: 1, text: "a piece" },
  complete: { text: "an answer" },
  fail: { code: "model_down", message: "The model is down.", retry: true },
  release: {},
};
const kinds = Object.keys(facts) as Report[];
const otherToken = "00000000-0000-4000-8000-000000000000";

describe("a worker's report that is refused", () => {
  const api = useApi({ RUN_MAX_ATTEMPTS: "2" });

  const prepare = () => startHeldRun(api);

  it("refuses the run's id in the body: it belongs to the path", async () => {
    const { person, run } = await prepare();
    for (const kind of kinds) {
      expect(issuePlaces(await report(api, run, { kind, ...facts[kind], run_id: 1 }))).toEqual(["body.run_id"]);
    }
    expect((await readRun(person, run.run_id)).state).toBe("running");
  });

  describe.for(kinds)("%s", (kind) => {
    it("is 409 lease_taken with a token that another claim replaced", async () => {
      const { person, run } = await prepare();
      await report(api, run, { kind: "release" });
      await claimRun(api);
      for (const language of languages) {
        const json = { lease_token: run.lease_token, ...facts[kind] };
        const headers = { "Accept-Language": language };
        const { detail, code } = expectProblem(
          await api.asWorker(`POST /worker/runs/${run.run_id}/${kind}`, { json, headers }),
          409,
        );
        expectSentence(detail, language);
        expect(code).toBe("lease_taken");
      }
      expect(await readRun(person, run.run_id)).toMatchObject({ state: "running", answer: null });
    });

    it("is 409 with a token that never was one, and says until when the lease lasts", async () => {
      const { person, run } = await prepare();
      const refused = expectProblem(
        await report(api, { ...run, lease_token: otherToken }, { kind, ...facts[kind] }),
        409,
      );
      expect(refused).toMatchObject({ code: "lease_token_wrong", lease_until: run.lease_until });
      expect((await readRun(person, run.run_id)).state).toBe("running");
    });

    it("is 409 once the run was answered by another worker", async () => {
      const { person, dialogId, run } = await prepare();
      await reply(api, { userId: person.userId, dialogId, text: "faster" });
      expectProblem(await report(api, run, { kind, ...facts[kind] }), 409);
      expect(await readDialog(person, dialogId)).toEqual(["user: a question", "bot: faster"]);
    });

    it("is 404 for a run that there is not", async () => {
      for (const language of languages) {
        const json = { lease_token: otherToken, ...facts[kind] };
        const reply404 = await api.asWorker(`POST /worker/runs/2000000000/${kind}`, {
          json,
          headers: { "Accept-Language": language },
        });
        expectRefusal(reply404, { status: 404, language });
      }
    });

    it.for<[string, Record<string, unknown>]>([
      ["body.lease_token", { lease_token: undefined }],
      ["body.lease_token", { lease_token: "not-a-uuid" }],
      ["body.lease_token", { lease_token: 5 }],
      ["body.color", { color: "red" }],
    ])("refuses %s in %j", async ([place, wrong]) => {
      const { person, run } = await prepare();
      const refused = await report(api, run, { kind, ...facts[kind], ...wrong });
      expect(issuePlaces(refused)).toEqual([place]);
      if (place === "body.lease_token" && wrong["lease_token"] !== undefined) {
        expect(refused.text).toContain("lease_token: must be the UUID that claim returned");
      }
      expect((await readRun(person, run.run_id)).state).toBe("running");
    });

    it("refuses a run id that is no number", async () => {
      const json = { lease_token: otherToken, ...facts[kind] };
      expect(issuePlaces(await api.asWorker(`POST /worker/runs/first/${kind}`, { json }))).toEqual(["path.run_id"]);
    });
  });
});
