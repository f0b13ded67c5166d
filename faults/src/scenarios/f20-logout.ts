import { callOnce } from "../http.ts";
import { newQuestion, send } from "../people.ts";
import { newcomer, type Scenario, type Scene } from "../scene.ts";
import { openStream, type OpenStream } from "../sse.ts";

/** With a hint at once; without, by the look that comes every few seconds. */
const closeLimitsMs = { heard: 1_000, lost: 5_000 };
const patienceMs = 20_000;

/** When a stream ended, on the clock of `performance`; Infinity when it did not. */
async function endOf(stream: OpenStream): Promise<number> {
  const late = AbortSignal.timeout(patienceMs);
  late.addEventListener("abort", stream.drop);
  try {
    for await (const _ of stream.events);
  } catch {
    // Cut off: that is an end too.
  }
  return late.aborted ? Infinity : performance.now();
}

/** No replica takes the cookie any more, neither for a request nor for a stream. */
async function expectRefusals(scene: Scene, request: { cookie: string; runId: number }): Promise<void> {
  const { cookie } = request;
  for (const { name, url } of scene.cluster.replicas) {
    const { status } = await callOnce(url, { method: "GET", path: "/me", cookie });
    if (status !== 401) scene.fault(`F20 replica ${name} took the ended session: ${status}`);
    const stream = await openStream(url, request);
    if (stream.status !== 401)
      scene.fault(`F20 replica ${name} opened a stream for the ended session: ${stream.status}`);
    stream.drop();
  }
}

/** What ends somebody's session at one replica. */
type Ending = (url: string, cookie: string) => Promise<void>;

const signOut: Ending = async (url, cookie) => {
  await callOnce(url, { path: "/logout", cookie });
};

/** @returns how long each stream at the other replicas lived after the session */
async function endOnce(scene: Scene, end: Ending, isDeaf: boolean): Promise<number[]> {
  const [a, b, c] = scene.cluster.replicas;
  const { member, dialogId } = await newcomer(scene);
  const run = await send(scene, newQuestion(scene, member, dialogId));
  if (run === undefined) return [];
  const request = { cookie: member.cookie, runId: run.run_id };
  const streams = await Promise.all([b, c].map(({ url }) => openStream(url, request)));
  const ends = streams.map(endOf);
  if (isDeaf) for (const { network } of [b, c]) network.freeze("deepbot-hints");
  await end(a.url, member.cookie);
  const endedAt = performance.now();
  await expectRefusals(scene, request);
  return (await Promise.all(ends)).map((at) => Math.max(0, at - endedAt));
}

function judge(scene: Scene, way: keyof typeof closeLimitsMs, livedMs: readonly number[]): void {
  for (const tookMs of livedMs) {
    scene.recovered(tookMs);
    if (tookMs > closeLimitsMs[way])
      scene.fault(`F20 with the hint ${way}, a stream lived on for ${Math.round(tookMs)} ms`);
  }
  const sorted = livedMs.toSorted((one, other) => one - other);
  const [median = 0, worst = 0] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)].map((ms) =>
    Math.round(ms ?? 0),
  );
  scene.note(`hint ${way}: ${livedMs.length} streams lived on for ${median} ms, ${worst} ms at most`);
}

export const logout: Scenario = {
  id: "F20",
  name: "logout while streams are open",
  run: async (scene) => {
    const heard: number[] = [];
    const deaf: number[] = [];
    const rounds = scene.rounds({ full: 10, ci: 2 });
    // A replica that was made deaf hears nothing for a while: these come last.
    for (let round = 0; round < rounds; round += 1) heard.push(...(await endOnce(scene, signOut, false)));
    for (let round = 0; round < rounds; round += 1) deaf.push(...(await endOnce(scene, signOut, true)));
    judge(scene, "heard", heard);
    judge(scene, "lost", deaf);
  },
};
