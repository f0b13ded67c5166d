import { setTimeout as delay } from "node:timers/promises";
import { until } from "@deepbot/testing";
import { timed, underLoad, type Scenario } from "../scene.ts";

const stopLimitMs = 9_000;

export const rollingRestart: Scenario = {
  id: "F18",
  name: "rolling restart under load",
  run: async (scene) => {
    const rounds = scene.rounds({ full: 5, ci: 1 });
    await underLoad(scene, { people: 8, habits: { pieces: 12, pauseMs: 60 } }, async (load) => {
      await delay(1_500);
      for (let round = 0; round < rounds; round += 1) {
        for (const replica of scene.cluster.replicas) {
          const begunAt = performance.now();
          let code: number | null = null;
          const tookMs = await timed(async () => {
            code = await replica.stop();
          });
          if (code !== 0) scene.fault(`F18 replica ${replica.name} ended with ${code} after ${Math.round(tookMs)} ms`);
          if (tookMs > stopLimitMs) scene.fault(`F18 replica ${replica.name} took ${Math.round(tookMs)} ms to stop`);
          await until("an answer since the stop", () => load.lastEndAt() > begunAt, 60_000);
          scene.recovered(load.lastEndAt() - begunAt);
          await replica.start();
          await delay(500);
        }
      }
    });
  },
};
