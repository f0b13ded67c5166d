import { sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { measurePush, untilPushed } from "../watching/push.ts";
import type { Scenario, Scene } from "../scene.ts";

/** The two seconds of the fallback poll, and what a busy machine adds. */
const fallbackPollMs = 3_000;

/** Silence of 15 s, checked every 5 s, and the time to connect. */
const watchdogMs = 26_000;

const faults: Record<string, (scene: Scene) => Promise<void>> = {
  "backend terminated": async ({ cluster }) => {
    await cluster.inspector.rows(
      sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'deepbot-listen'`,
    );
  },
  "black hole": async (scene) => {
    for (const { name, network } of scene.cluster.replicas) {
      // The fault before may have cut its connection, and only one pair of replicas is known to have recovered.
      await until(`replica ${name} listens`, () => network.freeze("deepbot-listen") > 0);
    }
  },
  "database restarted": async ({ cluster }) => {
    await cluster.postgres.kill();
    await cluster.postgres.start();
  },
};

export const deafListener: Scenario = {
  id: "F9",
  name: "LISTEN cut",
  run: async (scene) => {
    const [a, b] = scene.cluster.replicas;
    const way = { from: a.url, to: b.url };
    const rounds = scene.rounds({ full: 3, ci: 1 });
    scene.note(`push before ${Math.round(await measurePush(scene, way))} ms`);
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, inject] of Object.entries(faults)) {
        await inject(scene);
        const { tookMs, worstMs } = await untilPushed(scene, way, 40_000);
        scene.recovered(tookMs);
        scene.note(
          `${name}: pushed again after ${(tookMs / 1000).toFixed(1)} s, worst delay ${Math.round(worstMs)} ms`,
        );
        if (worstMs > fallbackPollMs) scene.fault(`F9 ${name}: an answer came ${Math.round(worstMs)} ms late`);
        if (tookMs > watchdogMs) scene.fault(`F9 ${name}: push came back after ${Math.round(tookMs)} ms only`);
      }
    }
  },
};
