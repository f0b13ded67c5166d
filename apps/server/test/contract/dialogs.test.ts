import { describeEachEngine } from "@deepbot/db/testing";
import { expect, it } from "vitest";
import { runSql, useApi } from "../support/api.ts";
import { createDialog, listDialogs, readDialog } from "../support/dialogs.ts";
import { expectProblem, expectSentence, russian } from "../support/problem.ts";
import { reply } from "../support/worker.ts";

describeEachEngine("dialogs", (engine) => {
  const api = useApi(engine);

  it("are none at first", async () => {
    const person = await api.signIn();
    const answer = await person.call("POST /dialogs");
    expect([answer.status, answer.body]).toEqual([200, { server: "ok", dialogs: [] }]);
  });
  it("x", async () => {
    const person = await api.signIn();
    const id = await createDialog(person);
    expect(await listDialogs(person)).toEqual([{ dialog_id: id, dialog_name: "test dialog" }]);
  });
});
