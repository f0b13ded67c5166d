import { sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { callOnce, type Call } from "../support/http.ts";
import { newQuestion, send, type Member } from "../people/people.ts";
import { newcomer, type Scenario, type Scene } from "../scene.ts";
import { openStream, type OpenStream } from "../watching/sse.ts";
import { claim, report, type ClaimedRun } from "../workers/worker.ts";

/** With a notification at once; without one, by the fallback poll of every few seconds. */
const closeLimitsMs = { heard: 1_000, lost: 5_000 };
const patienceMs = 20_000;

/** When a stream ended, on the clock of `performance`; Infinity when it did not. */
async function endOf(stream: OpenStream): Promise<number> {
  const late = AbortSignal.timeout(patienceMs);
  late.addEventListener("abort", stream.drop);
  try {
    for await (const _ of stream.events);
  } catch {
    // A cut connection counts as an end, too.
  }
  return late.aborted ? Infinity : performance.now();
}

/** Every replica must refuse the cookie, for a request and for a stream. */
async function expectRefusals(scene: Scene, request: { cookie: string; runId: number }): Promise<void> {
  const { cookie } = request;
  for (const { name, url } of scene.cluster.replicas) {
    const { status } = await callOnce(url, { method: "GET", path: "/me", cookie });
    if (status !== 401) scene.fault(`F20 replica ${name} accepted the ended session: ${status}`);
    const stream = await openStream(url, request);
    if (stream.status !== 401)
      scene.fault(`F20 replica ${name} opened a stream for the ended session: ${stream.status}`);
    stream.drop();
  }
}

/** An action at one replica that ends all streams of a person. */
interface Ending {
  name: string;
  call: (member: Member) => Call;
  /** Status of later reports on the person's run. */
  workerStatus: number;
  /** Whether it deletes everything of the person. */
  erases: boolean;
}

const signOut: Ending = {
  name: "logout",
  call: ({ cookie }) => ({ path: "/logout", cookie }),
  workerStatus: 200,
  erases: false,
};

const deleteAccount: Ending = {
  name: "account deleted",
  call: ({ userId, cookie }) => ({ method: "DELETE", path: `/me?user_id=${userId}`, cookie }),
  workerStatus: 404,
  erases: true,
};

interface Stage {
  member: Member;
  dialogId: number;
  run: ClaimedRun;
}

/** Starts the answer to a new person's question. */
async function setStage(scene: Scene): Promise<Stage> {
  const { member, dialogId } = await newcomer(scene);
  await send(scene, newQuestion(scene, member, dialogId));
  const [run] = await claim(scene.retrying, { name: "slow", leaseMs: 60_000, pieces: 2, pauseMs: 0, waitMs: 8_000 });
  if (run?.dialog_id !== dialogId) throw new Error("The run was not given to the worker.");
  const reply = await report(scene.retrying, run, { verb: "append", body: { seq: 1, text: "first" } });
  if (reply.status !== 200) scene.fault(`F20 the first delta got ${reply.status}`);
  return { member, dialogId, run };
}

async function expectNothingLeft(scene: Scene, { member, dialogId, run }: Stage): Promise<void> {
  const left = await scene.cluster.inspector.rows<{ what: string }>(sql`
    select 'user' as what from users where user_id = ${member.userId}
    union all select 'session' from sessions where user_id = ${member.userId}
    union all select 'dialog' from dialogs where user_id = ${member.userId}
    union all select 'message' from messages where dialog_id = ${dialogId} or user_id = ${member.userId}
    union all select 'run' from runs where dialog_id = ${dialogId}
    union all select 'delta' from run_deltas where run_id = ${run.run_id}`);
  if (left.length > 0) scene.fault(`F20 left of a deleted account: ${left.map(({ what }) => what).join(", ")}`);
}

/** The worker has not noticed the end. It sends one more delta and its answer. */
async function expectOfWorker(scene: Scene, { run }: Stage, { name, workerStatus }: Ending): Promise<void> {
  const calls = [
    { verb: "append", body: { seq: 2, text: " second" } },
    { verb: "complete", body: { text: "first second" } },
  ];
  for (const call of calls) {
    const { status } = await report(scene.retrying, run, call);
    if (status !== workerStatus) scene.fault(`F20 ${name}: the worker's ${call.verb} got ${status}`);
  }
}

/** @returns how many milliseconds each stream at the other replicas stayed open */
async function endOnce(scene: Scene, ending: Ending, isDeaf: boolean): Promise<number[]> {
  const [a, b, c] = scene.cluster.replicas;
  const stage = await setStage(scene);
  const { member, dialogId, run } = stage;
  const request = { cookie: member.cookie, runId: run.run_id };
  const streams = await Promise.all([b, c].map(({ url }) => openStream(url, request)));
  const ends = streams.map(endOf);
  for (const { name, network } of isDeaf ? [b, c] : []) {
    await until(`replica ${name} listens`, () => network.freeze("deepbot-listen") > 0);
  }
  const { status } = await callOnce(a.url, ending.call(member));
  const endedAt = performance.now();
  if (status !== 200) scene.fault(`F20 ${ending.name} got ${status}`);
  if (ending.erases) scene.ledger.forget(dialogId);
  await expectRefusals(scene, request);
  // Only then may the worker report: the end of the run would end the streams, too.
  const endsAt = await Promise.all(ends);
  await expectOfWorker(scene, stage, ending);
  if (ending.erases) await expectNothingLeft(scene, stage);
  return endsAt.map((at) => Math.max(0, at - endedAt));
}

function judge(
  scene: Scene,
  way: { ending: Ending; notification: keyof typeof closeLimitsMs; livedMs: number[] },
): void {
  const { ending, notification, livedMs } = way;
  for (const tookMs of livedMs) {
    scene.recovered(tookMs);
    if (tookMs > closeLimitsMs[notification])
      scene.fault(
        `F20 ${ending.name}, notification ${notification}: a stream stayed open for ${Math.round(tookMs)} ms`,
      );
  }
  const sorted = livedMs.toSorted((one, other) => one - other);
  const [median = 0, worst = 0] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)].map((ms) =>
    Math.round(ms ?? 0),
  );
  scene.note(
    `${ending.name}, notification ${notification}: ${livedMs.length} streams stayed open for ${median} ms, ${worst} ms at most`,
  );
}

export const logout: Scenario = {
  id: "F20",
  name: "logout and account deleted while streams are open",
  run: async (scene) => {
    const rounds = scene.rounds({ full: 10, ci: 2 });
    // These rounds come last, because a replica that was made deaf gets no notifications for a while.
    for (const notification of ["heard", "lost"] as const) {
      for (const ending of [signOut, deleteAccount]) {
        const livedMs: number[] = [];
        for (let round = 0; round < rounds; round += 1) {
          livedMs.push(...(await endOnce(scene, ending, notification === "lost")));
        }
        judge(scene, { ending, notification, livedMs });
      }
    }
  },
};
