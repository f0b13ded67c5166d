import { callOnce, type Call, type Reply } from "../support/http.ts";
import { enter, newQuestion, sendCall, type Question } from "../people/people.ts";
import { newcomer, type Scenario, type Scene } from "../scene.ts";
import { claim, piecesOf, questionOf, type ClaimedRun } from "../workers/worker.ts";
import type { RunBody } from "../watching/watcher.ts";

/** Sends the same request two or three times at once, each to another replica. */
function sendCopies<T>(scene: Scene, call: Call): Promise<Reply<T>[]> {
  const copies = scene.cluster.urls.slice(0, scene.random.whole(2, 3));
  return Promise.all(copies.map((url) => callOnce<T>(url, call)));
}

function expectAll(scene: Scene, replies: readonly Reply[], wanted: { status: number; what: string }): void {
  const got = replies.map(({ status, body }) =>
    status === wanted.status ? status : `${status} ${JSON.stringify(body)}`,
  );
  if (got.some((one) => one !== wanted.status)) scene.fault(`F7 ${wanted.what}: ${got.join(" | ")}`);
}

async function askTwice(scene: Scene, question: Question): Promise<RunBody | undefined> {
  const replies = await sendCopies<RunBody>(scene, sendCall(question));
  expectAll(scene, replies, { status: 202, what: "copies of a question" });
  const runIds = new Set(replies.map(({ body }) => body.run_id));
  if (runIds.size !== 1) scene.fault(`F7 copies of a question got runs ${[...runIds].join(", ")}`);
  const first = replies[0]?.body;
  if (first !== undefined) enter(scene.ledger, question, first);
  const other = await sendCopies(scene, sendCall({ ...question, text: `${question.text}?` }));
  expectAll(scene, other, { status: 422, what: "another text under the same id" });
  return first;
}

function reportOf(run: ClaimedRun, verb: string, body: object): Call {
  return {
    path: `/worker/runs/${run.run_id}/${verb}`,
    asWorker: true,
    body: { lease_token: run.lease_token, ...body },
  };
}

async function answerTwice(scene: Scene, run: ClaimedRun): Promise<string> {
  const pieces = piecesOf(questionOf(run), 3);
  for (const [index, text] of pieces.entries()) {
    const replies = await sendCopies(scene, reportOf(run, "append", { seq: index + 1, text }));
    expectAll(scene, replies, { status: 200, what: "copies of a delta" });
  }
  const answer = pieces.join("");
  expectAll(scene, await sendCopies(scene, reportOf(run, "complete", { text: answer })), {
    status: 200,
    what: "copies of an answer",
  });
  expectAll(scene, await sendCopies(scene, reportOf(run, "complete", { text: `${answer}!` })), {
    status: 409,
    what: "another answer",
  });
  return answer;
}

async function duplicateAll(scene: Scene): Promise<void> {
  const { member, dialogId } = await newcomer(scene);
  const question = newQuestion(scene, member, dialogId);
  const asked = await askTwice(scene, question);
  const waiting = sendCopies<{ answer_ai?: string }>(scene, {
    path: "/send/message/ai",
    cookie: member.cookie,
    body: { dialog_id: dialogId, text_user: question.text, client_message_id: question.clientMessageId },
    timeoutMs: 30_000,
  });
  const link = scene.retrying;
  const [run] = await claim(link, { name: "double", leaseMs: 20_000, pieces: 3, pauseMs: 0, waitMs: 8_000 });
  if (run === undefined || run.run_id !== asked?.run_id) {
    scene.fault(`F7 run ${asked?.run_id} was not given to the worker, but ${run?.run_id}`);
    return;
  }
  const answer = await answerTwice(scene, run);
  const replies = await waiting;
  expectAll(scene, replies, { status: 200, what: "waiting requests" });
  if (replies.some(({ body }) => body?.answer_ai !== answer)) scene.fault("F7 waiting requests got different answers");
}

export const duplicates: Scenario = {
  id: "F7",
  name: "everything sent twice or thrice",
  run: async (scene) => {
    for (let round = scene.rounds({ full: 100, ci: 15 }); round > 0; round -= 1) await duplicateAll(scene);
  },
};
