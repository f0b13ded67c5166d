import { setTimeout as delay } from "node:timers/promises";
import { until } from "@deepbot/testing";
import { underLoad, type Scenario } from "../scene.ts";

/** Kills replicas at random moments, while people and workers go on with the others. */
export const killReplica: Scenario = {
  id: "F1",
  name: "replica killed under load",
  run: async (scene) => {
    const rounds = scene.rounds({ full: 50, ci: 5 });
    await underLoad(scene, { people: 6 }, async (load) => {
      for (let round = 0; round < rounds; round += 1) {
        await delay(scene.random.whole(50, 900));
        const victim = scene.random.pick(scene.cluster.replicas);
        const killedAt = performance.now();
        await victim.kill();
        await until("an answer after the kill", () => load.lastEndAt() > killedAt, 60_000);
        scene.recovered(load.lastEndAt() - killedAt);
        await victim.start();
      }
    });
  },
};
