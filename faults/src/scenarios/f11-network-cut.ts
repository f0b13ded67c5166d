import { setTimeout as delay } from "node:timers/promises";
import { sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { callOnce } from "../support/http.ts";
import { signIn } from "../people/people.ts";
import { timed, underLoad, type Scenario, type Scene } from "../scene.ts";
import type { Weather } from "../cluster/tcp-proxy.ts";

/** A server gives up on a silent connection after 10 s. */
const answerLimitMs = 12_000;
const recoveryLimitMs = 15_000;

const cuts: Weather["hold"][] = ["up", "down", "both"];

/** A request to a replica that cannot reach its database must get a 503 and must not hang. */
async function expectVerdict(scene: Scene, cookie: string, hold: string): Promise<void> {
  const [a] = scene.cluster.replicas;
  let status = 0;
  const tookMs = await timed(async () => {
    ({ status } = await callOnce(a.url, { method: "GET", path: "/me", cookie, timeoutMs: answerLimitMs + 5_000 }));
  });
  scene.note(`${hold}: ${status === 0 ? "no reply" : status} in ${(tookMs / 1000).toFixed(1)} s`);
  if (status !== 503 || tookMs > answerLimitMs) {
    scene.fault(`F11 cut ${hold}: a request hung for ${Math.round(tookMs)} ms (status ${status}) instead of 503`);
  }
}

/** Fills the pool of replica a, so that requests meet connections that were cut. */
async function warmUp(scene: Scene, cookie: string): Promise<void> {
  const [a] = scene.cluster.replicas;
  await Promise.all(Array.from({ length: 20 }, () => callOnce(a.url, { method: "GET", path: "/me", cookie })));
}

async function expectNoLeftovers(scene: Scene): Promise<void> {
  const find = (): Promise<object[]> =>
    scene.cluster.inspector.rows(
      sql`select pid from pg_stat_activity where state like 'idle in transaction%' and application_name like 'deepbot%'`,
    );
  await until("no transaction is left open", async () => (await find()).length === 0, 20_000).catch(() =>
    scene.fault("F11 a transaction was left open"),
  );
}

export const networkCut: Scenario = {
  id: "F11",
  name: "network cut to the database",
  run: async (scene) => {
    const [a] = scene.cluster.replicas;
    const { cookie } = await signIn(scene);
    const rounds = scene.rounds({ full: 2, ci: 1 });
    await underLoad(scene, { people: 5 }, async () => {
      for (let round = 0; round < rounds; round += 1) {
        for (const hold of scene.isFull ? cuts : (["both"] as const)) {
          await warmUp(scene, cookie);
          a.network.set({ hold });
          await delay(500);
          await expectVerdict(scene, cookie, hold);
          a.network.set({});
          const isBack = async (): Promise<boolean> =>
            (await callOnce(a.url, { method: "GET", path: "/me", cookie, timeoutMs: 3_000 })).status === 200;
          const tookMs = await timed(() => until("replica a serves again", isBack, 60_000));
          scene.recovered(tookMs);
          if (tookMs > recoveryLimitMs) scene.fault(`F11 recovery took ${Math.round(tookMs)} ms`);
        }
      }
    });
    await expectNoLeftovers(scene);
  },
};
