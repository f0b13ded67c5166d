import { callOnce } from "../http.ts";
import { newQuestion, send } from "../people.ts";
import { newcomer, type Scenario, type Scene } from "../scene.ts";
import { openStream } from "../sse.ts";

const closeLimitMs = 5_000;

async function logoutOnce(scene: Scene, isDeaf: boolean): Promise<void> {
  const [a, b, c] = scene.cluster.replicas;
  const { member, dialogId } = await newcomer(scene);
  const run = await send(scene, newQuestion(scene, member, dialogId));
  if (run === undefined) return;
  const { cookie } = member;
  const streams = await Promise.all([b, c].map(({ url }) => openStream(url, { cookie, runId: run.run_id })));
  const closings = streams.map(async (stream) => {
    for await (const _ of stream.events);
    return performance.now();
  });
  if (isDeaf) for (const { network } of [b, c]) network.freeze("deepbot-hints");
  await callOnce(a.url, { path: "/logout", cookie });
  const outAt = performance.now();
  for (const { name, url } of [a, b, c]) {
    const { status } = await callOnce(url, { method: "GET", path: "/me", cookie });
    if (status !== 401) scene.fault(`F20 replica ${name} took the ended session: ${status}`);
    const refused = await openStream(url, { cookie, runId: run.run_id });
    if (refused.status !== 401)
      scene.fault(`F20 replica ${name} opened a stream for the ended session: ${refused.status}`);
    refused.drop();
  }
  const limit = AbortSignal.timeout(20_000);
  const late = new Promise<number>((resolve) => limit.addEventListener("abort", () => resolve(Infinity)));
  for (const closing of closings) {
    const tookMs = Math.max(0, (await Promise.race([closing, late])) - outAt);
    scene.recovered(tookMs);
    if (tookMs > closeLimitMs)
      scene.fault(`F20 a stream stayed open for ${Math.round(tookMs)} ms${isDeaf ? ", hints lost" : ""}`);
  }
  for (const stream of streams) stream.drop();
}

export const logout: Scenario = {
  id: "F20",
  name: "logout while streams are open",
  run: async (scene) => {
    for (let round = scene.rounds({ full: 10, ci: 2 }); round > 0; round -= 1) {
      await logoutOnce(scene, false);
      await logoutOnce(scene, true);
    }
  },
};
