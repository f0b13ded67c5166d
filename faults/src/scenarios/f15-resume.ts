import { limits } from "@deepbot/contract";
import { sql } from "@deepbot/db/testing";
import { newQuestion, send } from "../people/people.ts";
import { newcomer, type Scenario, type Scene } from "../scene.ts";
import { openStream, type WireEvent } from "../watching/sse.ts";
import { claim, piecesOf, questionOf, report, type ClaimedRun } from "../workers/worker.ts";

interface Stage {
  cookie: string;
  run: ClaimedRun;
  pieces: string[];
}

const habits = { name: "resume", leaseMs: 60_000, pieces: 5, pauseMs: 0, waitMs: 8_000 };

/** Starts a run with three deltas. */
async function setStage(scene: Scene): Promise<Stage> {
  const { member, dialogId } = await newcomer(scene);
  await send(scene, newQuestion(scene, member, dialogId));
  const [run] = await claim(scene.retrying, habits);
  if (run?.dialog_id !== dialogId) throw new Error("The run was not given to the worker.");
  const pieces = piecesOf(questionOf(run), 5);
  for (const [index, text] of pieces.slice(0, 3).entries()) {
    await report(scene.retrying, run, { verb: "append", body: { seq: index + 1, text } });
  }
  return { cookie: member.cookie, run, pieces };
}

const headersMs = 3_000;

/** The status, and the events that arrive within the time limit. Status 0 means that no headers arrived. */
async function resume(scene: Scene, stage: Stage, lastEventId: string | undefined) {
  const request = { cookie: stage.cookie, runId: stage.run.run_id, lastEventId, headersMs };
  const stream = await openStream(scene.random.pick(scene.cluster.urls), request).catch(() => undefined);
  if (stream === undefined) return { status: 0, events: [] };
  const events: WireEvent[] = [];
  const read = async (): Promise<void> => {
    for await (const event of stream.events) events.push(event);
  };
  const timer = setTimeout(() => stream.drop(), 700);
  if (stream.status === 200) await read().catch(() => {});
  clearTimeout(timer);
  stream.drop();
  return { status: stream.status, events };
}

const brief = (events: readonly WireEvent[]): string => events.map(({ type, id }) => `${type} ${id}`).join(", ");

/** The events that must follow each id while the run has three deltas. `*` stands for a snapshot of all three. */
const whileOpen: Record<string, string> = {
  "1-3": "",
  "1-1": "delta 1-2, delta 1-3",
  "1-0": "delta 1-1, delta 1-2, delta 1-3",
  "0-0": "*",
  "1-99": "*",
  "7-1": "*",
  "-1": "*",
  NaN: "*",
  "1-": "*",
  "1-99999999999": "*",
  "1-2; drop table runs": "*",
  "%00": "*",
  "../../etc": "*",
};

async function checkOpen(scene: Scene, stage: Stage): Promise<void> {
  for (const [id, wanted] of Object.entries(whileOpen)) {
    const { status, events } = await resume(scene, stage, id);
    const got = brief(events);
    if (status !== 200 || got !== (wanted === "*" ? "snapshot 1-3" : wanted)) {
      scene.fault(`F15 after "${id}": ${status} ${got}`);
    }
    if (wanted === "*" && events[0]?.data["text"] !== stage.pieces.slice(0, 3).join("")) {
      scene.fault(`F15 after "${id}": a wrong snapshot`);
    }
  }
  const long = await resume(scene, stage, "9".repeat(limits.eventIdMax + 1));
  if (long.status !== 422) scene.fault(`F15 an id that is too long: ${long.status}`);
}

async function checkEnded(scene: Scene, stage: Stage): Promise<void> {
  const text = stage.pieces.join("");
  await report(scene.retrying, stage.run, { verb: "complete", body: { text } });
  await scene.cluster.inspector.rows(sql`delete from run_deltas where run_id = ${stage.run.run_id}`);
  for (const id of ["1-2", "1-3", "garbage", undefined]) {
    const { status, events } = await resume(scene, stage, id);
    const run = events[0]?.data["run"] as { answer?: { content?: string } } | undefined;
    if (status !== 200 || brief(events) !== "end end" || run?.answer?.content !== text) {
      scene.fault(`F15 pruned, after "${id}": ${status} ${brief(events)}`);
    }
  }
  const { status } = await resume(scene, stage, "end");
  if (status !== 204) scene.fault(`F15 after the end: ${status}`);
}

async function checkStrangers(scene: Scene, stage: Stage, other: Stage): Promise<void> {
  const { status } = await resume(scene, { ...stage, cookie: other.cookie }, "1-1");
  if (status !== 404) scene.fault(`F15 a stranger's run: ${status}`);
  // An event id does not name its run. An id from another dialog must still give only text of this run.
  const { events } = await resume(scene, stage, "1-2");
  if (events.some(({ data }) => String(data["text"]) !== stage.pieces[2]))
    scene.fault("F15 a watcher got the text of another run");
}

export const resumeStreams: Scenario = {
  id: "F15",
  name: "streams resumed with any id",
  run: async (scene) => {
    for (let round = scene.rounds({ full: 5, ci: 1 }); round > 0; round -= 1) {
      const stage = await setStage(scene);
      const other = await setStage(scene);
      await checkOpen(scene, stage);
      await checkStrangers(scene, stage, other);
      await checkEnded(scene, stage);
      await checkEnded(scene, other);
    }
  },
};
