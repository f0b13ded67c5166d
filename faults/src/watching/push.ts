import { newcomer, type Scene } from "../scene.ts";
import { newQuestion, send } from "../people/people.ts";
import { claim, piecesOf, questionOf, report, type WorkerLink } from "../workers/worker.ts";
import { openStream } from "./sse.ts";

/** A way from one replica to another. */
export interface Way {
  from: string;
  to: string;
}

const habits = { name: "push", leaseMs: 20_000, pieces: 2, pauseMs: 0, waitMs: 5_000 };

/**
 * How long an answer takes from the reply to its worker at one replica to its watcher at another. No other worker may
 * be at work.
 *
 * @throws when there is no answer to follow
 */
export async function measurePush(scene: Scene, { from, to }: Way): Promise<number> {
  const { member, dialogId } = await newcomer(scene);
  const run = await send(scene, newQuestion(scene, member, dialogId));
  if (run === undefined) throw new Error("The question was refused.");
  const stream = await openStream(to, { cookie: member.cookie, runId: run.run_id });
  const readEnd = async (): Promise<number> => {
    for await (const event of stream.events) if (event.type === "end") return performance.now();
    throw new Error("The stream broke off.");
  };
  const end = readEnd();
  // A failure is thrown where the end is awaited; until then it must not end the harness.
  end.catch(() => {});
  const link: WorkerLink = { urls: [from], pick: () => from };
  for (;;) {
    const [claimed] = await claim(link, habits);
    if (claimed === undefined) continue;
    await report(link, claimed, { verb: "complete", body: { text: piecesOf(questionOf(claimed), 2).join("") } });
    if (claimed.run_id === run.run_id) break;
  }
  const repliedAt = performance.now();
  const delayMs = (await end) - repliedAt;
  stream.drop();
  return Math.max(0, delayMs);
}

/** Shorter than a fallback poll is likely to take three times in a row. */
const pushedMs = 350;

/** Measures until answers are pushed again; the time that took, and the longest delay on the way. */
export async function untilPushed(
  scene: Scene,
  way: Way,
  limitMs: number,
): Promise<{ tookMs: number; worstMs: number }> {
  const startedAt = performance.now();
  let inRow = 0;
  let restoredMs = 0;
  let worstMs = 0;
  while (inRow < 3) {
    const tookMs = performance.now() - startedAt;
    if (tookMs > limitMs) throw new Error(`Answers were not pushed again within ${limitMs} ms.`);
    const delayMs = await measurePush(scene, way);
    worstMs = Math.max(worstMs, delayMs);
    if (delayMs > pushedMs) inRow = 0;
    else {
      if (inRow === 0) restoredMs = tookMs;
      inRow += 1;
    }
  }
  return { tookMs: restoredMs, worstMs };
}
