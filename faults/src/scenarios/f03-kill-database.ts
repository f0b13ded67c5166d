import { setTimeout as delay } from "node:timers/promises";
import { until } from "@deepbot/testing";
import { callOnce } from "../support/http.ts";
import { signIn } from "../people/people.ts";
import { untilPushed } from "../watching/push.ts";
import { underLoad, type Scenario, type Scene } from "../scene.ts";

const recoveryLimitMs = 10_000;

/** Without a database each replica must respond with 503 and Retry-After at once. */
async function expectOutage(scene: Scene, cookie: string): Promise<void> {
  for (const { name, url } of scene.cluster.replicas) {
    const startedAt = performance.now();
    const reply = await callOnce<{ code?: string } | null>(url, { method: "GET", path: "/me", cookie });
    const tookMs = performance.now() - startedAt;
    if (reply.status !== 503 || reply.retryAfter === null) {
      scene.fault(`F3 replica ${name} without a database: ${reply.status}, Retry-After ${reply.retryAfter}`);
    }
    if (tookMs > 6_000) scene.fault(`F3 replica ${name} took ${Math.round(tookMs)} ms to say that it has no database`);
  }
}

export const killDatabase: Scenario = {
  id: "F3",
  name: "database killed under load",
  run: async (scene) => {
    const [a, b] = scene.cluster.replicas;
    const { cookie } = await signIn(scene);
    scene.ledger.mayLoseDeltas = true;
    const rounds = scene.rounds({ full: 5, ci: 1 });
    await underLoad(scene, { people: 6 }, async (load) => {
      for (let round = 0; round < rounds; round += 1) {
        await delay(1_500);
        await scene.cluster.postgres.kill();
        await delay(300);
        await expectOutage(scene, cookie);
        await delay(2_000);
        await scene.cluster.postgres.start();
        const backAt = performance.now();
        await until("an answer after the restart", () => load.lastEndAt() > backAt, 60_000);
        const tookMs = load.lastEndAt() - backAt;
        scene.recovered(tookMs);
        if (tookMs > recoveryLimitMs) scene.fault(`F3 recovery took ${Math.round(tookMs)} ms`);
      }
    });
    const { tookMs } = await untilPushed(scene, { from: a.url, to: b.url }, 25_000);
    scene.note(`push works ${Math.round(tookMs)} ms after the load`);
  },
};
