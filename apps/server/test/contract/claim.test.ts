import { describe, expect, it } from "vitest";
import { useApi } from "../support/api.ts";
import { createDialog, startRun } from "../support/dialogs.ts";
import { outcomeOf } from "../support/http.ts";
import { issuePlaces } from "../support/problem.ts";
import { claimRun, claimRuns, reply, report, type ClaimedRun } from "../support/worker.ts";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const contents = ({ messages }: ClaimedRun): string[] => messages.map(({ content }) => content);

describe("POST /worker/claim", () => {
  const api = useApi();

  const prepare = async () => {
    const person = await api.signIn();
    return { person, dialogId: await createDialog(person) };
  };

  it("gives a run with its dialog so far, its lease and its limits", async () => {
    const { person, dialogId } = await prepare();
    const other = await prepare();
    await reply(api, { userId: other.person.userId, dialogId: other.dialogId, text: "somebody else's" });
    await reply(api, { userId: person.userId, dialogId: await createDialog(person), text: "another dialog's" });
    await startRun(person, dialogId, "first");
    await reply(api, { userId: person.userId, dialogId, text: "first answer" });
    const { run_id, deadline_at } = await startRun(person, dialogId, "second");
    const claimed = await claimRun(api);
    expect(claimed).toMatchObject({ run_id, deadline_at, dialog_id: dialogId, user_id: person.userId, attempt: 1 });
    expect(claimed.lease_token).toMatch(uuid);
    expect(Date.parse(claimed.lease_until)).toBeGreaterThan(Date.now());
    expect(claimed.messages.map(({ role, content }) => `${role}: ${content}`)).toEqual([
      "user: first",
      "bot: first answer",
      "user: second",
    ]);
  });

  it("is empty at once when there is nothing and no wait is wanted", async () => {
    const { status, body } = await api.asWorker("POST /worker/claim", { json: { worker: "a worker", wait_ms: 0 } });
    expect([status, body]).toEqual([200, { runs: [] }]);
  });

  it("is empty once the wait is over", async () => {
    expect(await claimRuns(api, { wait_ms: 50 })).toEqual([]);
  });

  it("waits for the first run", async () => {
    const { person, dialogId } = await prepare();
    const claim = claimRuns(api, { wait_ms: 25_000, max: 5 });
    const { run_id } = await startRun(person, dialogId);
    expect(await claim).toMatchObject([{ run_id }]);
  });

  it("gives each run to one worker only", async () => {
    const { person, dialogId } = await prepare();
    const { run_id: first } = await startRun(person, dialogId);
    const { run_id: second } = await startRun(person, await createDialog(person, "another"));
    const claims = await Promise.all(Array.from({ length: 6 }, () => claimRuns(api, { wait_ms: 0, max: 2 })));
    const given = claims.flat().map(({ run_id }) => run_id);
    expect(given.toSorted((a, b) => a - b)).toEqual([first, second]);
  });

  it("gives at most max runs, oldest first", async () => {
    const { person, dialogId } = await prepare();
    const dialogs = [dialogId, await createDialog(person, "second"), await createDialog(person, "third")];
    const ids: number[] = [];
    for (const id of dialogs) ids.push((await startRun(person, id)).run_id);
    expect((await claimRuns(api, { max: 2 })).map(({ run_id }) => run_id)).toEqual(ids.slice(0, 2));
    expect((await claimRuns(api, { max: 2 })).map(({ run_id }) => run_id)).toEqual(ids.slice(2));
  });

  it("gives one run unless asked otherwise", async () => {
    const { person, dialogId } = await prepare();
    await startRun(person, dialogId);
    await startRun(person, await createDialog(person, "another"));
    expect(await claimRuns(api)).toHaveLength(1);
  });

  it("gives the newest 100 messages unless asked otherwise", async () => {
    const { person, dialogId } = await prepare();
    for (let count = 1; count <= 101; count += 1) {
      await reply(api, { userId: person.userId, dialogId, text: `message ${count}` });
    }
    await startRun(person, dialogId, "the question");
    const usual = await claimRun(api);
    expect(contents(usual)).toHaveLength(100);
    expect([contents(usual)[0], contents(usual).at(-1)]).toEqual(["message 3", "the question"]);
    await report(api, usual, { kind: "release" });
    const short = await claimRun(api, { history_limit: 2 });
    expect(contents(short)).toEqual(["message 101", "the question"]);
    await report(api, short, { kind: "release" });
    expect(contents(await claimRun(api, { history_limit: 1000 }))).toHaveLength(102);
  });

  it("leases a run for as long as was asked", async () => {
    const { person, dialogId } = await prepare();
    await startRun(person, dialogId);
    const before = Date.now();
    const { lease_until } = await claimRun(api, { lease_ms: 600_000 });
    expect(Date.parse(lease_until) - before).toBeGreaterThan(590_000);
    expect(Date.parse(lease_until) - Date.now()).toBeLessThanOrEqual(601_000);
  });

  it("gives a run again once its lease ran out, as the next attempt and with another token", async () => {
    const { person, dialogId } = await prepare();
    await startRun(person, dialogId);
    const lost = await claimRun(api, { lease_ms: 1_000 });
    const again = await claimRun(api, { wait_ms: 25_000 });
    expect(again).toMatchObject({ run_id: lost.run_id, attempt: 2 });
    expect(again.lease_token).not.toBe(lost.lease_token);
    expect((await report(api, lost, { kind: "complete", text: "too late" })).status).toBe(409);
    expect((await report(api, again, { kind: "complete", text: "in time" })).status).toBe(200);
  });

  it("of a worker that went away takes nothing from the others", async () => {
    const { person, dialogId } = await prepare();
    const client = new AbortController();
    const json = { worker: "a worker", wait_ms: 25_000 };
    const left = outcomeOf(api.asWorker("POST /worker/claim", { json, signal: client.signal }));
    const other = claimRun(api, { wait_ms: 25_000 });
    // A later request that came back: the earlier ones have reached the server.
    expect(await claimRuns(api, { wait_ms: 0 })).toEqual([]);
    client.abort();
    expect(await left).toBe("AbortError");
    // What was sent after the end of a connection is answered after the server has seen that end.
    expect(await claimRuns(api, { wait_ms: 0 })).toEqual([]);
    const { run_id } = await startRun(person, dialogId);
    expect(await other).toMatchObject({ run_id, attempt: 1 });
  });

  describe("refuses", () => {
    it.for<[string, Record<string, unknown>]>([
      ["worker", { worker: undefined }],
      ["worker", { worker: "" }],
      ["worker", { worker: "a\u0000" }],
      ["worker", { worker: 1 }],
      ["max", { max: 0 }],
      ["max", { max: 1.5 }],
      ["max", { max: "1" }],
      ["capacity", { capacity: 0 }],
      ["capacity", { capacity: "1" }],
      ["wait_ms", { wait_ms: -1 }],
      ["wait_ms", { wait_ms: 25_001 }],
      ["wait_ms", { wait_ms: "0" }],
      ["lease_ms", { lease_ms: 0 }],
      ["lease_ms", { lease_ms: true }],
      ["history_limit", { history_limit: 0 }],
      ["color", { color: "red" }],
    ])("%s in %j", async ([name, wrong]) => {
      const refused = await api.asWorker("POST /worker/claim", { json: { worker: "a worker", ...wrong } });
      expect(issuePlaces(refused)).toEqual([`body.${name}`]);
    });
  });
});
