import { sql } from "@deepbot/db/testing";
import { dialogsPerUser as limit } from "../cluster/cluster.ts";
import { callOnce } from "../support/http.ts";
import { createDialog, newQuestion, send, signIn, type Member } from "../people/people.ts";
import { newcomer, type Scenario, type Scene } from "../scene.ts";
import { claim, piecesOf, questionOf } from "../workers/worker.ts";

function statusesOf(replies: readonly { status: number }[]): string {
  const counts = new Map<number, number>();
  for (const { status } of replies) counts.set(status, (counts.get(status) ?? 0) + 1);
  return Array.from(counts, ([status, count]) => `${count} x ${status}`)
    .toSorted()
    .join(", ");
}

async function countDialogs(scene: Scene, { userId }: Member): Promise<number> {
  return (await scene.cluster.inspector.rows(sql`select 1 from dialogs where user_id = ${userId}`)).length;
}

const anyUrl = (scene: Scene, index: number): string => scene.cluster.urls[index % 3] ?? "";

async function raceToLimit(scene: Scene): Promise<void> {
  const member = await signIn(scene);
  await scene.cluster.inspector.rows(
    sql`insert into dialogs (user_id, dialog_name) select ${member.userId}, 'filler' from generate_series(1, ${limit - 5}::int)`,
  );
  const create = { path: "/dialogs/create", body: { dialog_name: "fault dialog" }, cookie: member.cookie };
  const replies = await Promise.all(Array.from({ length: 25 }, (_, index) => callOnce(anyUrl(scene, index), create)));
  const got = statusesOf(replies);
  if (got !== "20 x 403, 5 x 200") scene.fault(`F19 25 creates where 5 fit: ${got}`);
  const mine = await scene.cluster.inspector.rows<{ id: string }>(
    sql`select dialog_id as id from dialogs where user_id = ${member.userId} limit 5`,
  );
  const removals = mine.map(({ id }) => ({
    path: "/dialogs/delete",
    body: { dialog_id: Number(id) },
    cookie: member.cookie,
  }));
  await Promise.all(
    [...removals, ...removals, ...Array.from({ length: 10 }, () => create)].map((call, index) =>
      callOnce(anyUrl(scene, index), call),
    ),
  );
  const left = await countDialogs(scene, member);
  if (left > limit || left < limit - 5) scene.fault(`F19 creates raced with deletes: ${left} dialogs`);
  // The checks after the scenario would be slow with so many dialogs.
  await scene.cluster.inspector.rows(sql`delete from dialogs where user_id = ${member.userId}`);
}

async function deleteWhileAnswered(scene: Scene): Promise<void> {
  const { member, dialogId } = await newcomer(scene);
  const question = newQuestion(scene, member, dialogId);
  const run = await send(scene, question);
  const [claimed] = await claim(scene.retrying, {
    name: "racer",
    leaseMs: 20_000,
    pieces: 2,
    pauseMs: 0,
    waitMs: 8_000,
  });
  if (claimed === undefined || claimed.run_id !== run?.run_id) throw new Error("The run was not given to the worker.");
  const text = piecesOf(questionOf(claimed), 2).join("");
  const body = { lease_token: claimed.lease_token };
  const path = `/worker/runs/${claimed.run_id}`;
  const [completed, , removed] = await Promise.all([
    callOnce(anyUrl(scene, 0), { path: `${path}/complete`, asWorker: true, body: { ...body, text } }),
    callOnce(anyUrl(scene, 1), { path: `${path}/append`, asWorker: true, body: { ...body, seq: 1, text: "a piece" } }),
    callOnce(anyUrl(scene, 2), { path: "/dialogs/delete", body: { dialog_id: dialogId }, cookie: member.cookie }),
  ]);
  scene.ledger.forget(dialogId);
  if (removed.status !== 200) scene.fault(`F19 the dialog was not deleted: ${removed.status}`);
  if (![200, 404, 409].includes(completed.status)) scene.fault(`F19 the worker got ${completed.status}`);
  const next = await createDialog(scene, member);
  if (next === dialogId) scene.fault("F19 two dialogs got the same id");
}

export const dialogRaces: Scenario = {
  id: "F19",
  name: "creates, deletes and answers race",
  run: async (scene) => {
    const rounds = scene.rounds({ full: 20, ci: 3 });
    for (let round = 0; round < rounds; round += 1) {
      await raceToLimit(scene);
      for (let race = 0; race < 5; race += 1) await deleteWhileAnswered(scene);
    }
  },
};
