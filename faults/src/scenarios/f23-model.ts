import * as fc from "fast-check";
import { commandsProperty } from "../model/commands.ts";
import { createAssistants, startBusyWorker, tryComeAndGo } from "../model/presence.ts";
import { racesProperty, tryRareRaces } from "../model/races.ts";
import { slugs } from "../model/requests.ts";
import { openWorld, startSlowServers, type World } from "../model/world.ts";
import type { Replay, Scenario, Scene } from "../scene.ts";

/** Time limit of each part. When it is reached, the smallest failing case so far is reported. */
const limitsMs = { full: 100_000, ci: 20_000 };

type Part = Replay["part"];

async function check<T>(
  { scene, world }: { scene: Scene; world: World },
  part: Part,
  { property, ...options }: { property: fc.IAsyncProperty<T>; numRuns: number; seed: number },
): Promise<void> {
  if (scene.replay !== undefined && scene.replay.part !== part) return;
  const startedAt = performance.now();
  world.limitAt = startedAt + (scene.isFull ? limitsMs.full : limitsMs.ci);
  world.tried = 0;
  const details = await fc.check(property, {
    ...options,
    includeErrorInReport: true,
    ...(scene.replay === undefined ? {} : { path: scene.replay.path, numRuns: 1 }),
  });
  world.limitAt = Infinity;
  scene.note(`${world.tried} ${part} in ${Math.round((performance.now() - startedAt) / 1000)} s`);
  if (!details.failed) return;
  // Shortens the longest deltas.
  const report = (fc.defaultReportMessage(details) ?? "").replaceAll(/(.)\1{40,}/gu, "$1…");
  const commandPath = /replayPath="([^"]+)"/.exec(report)?.[1] ?? "";
  scene.fault(
    `F23 again with the same SEED and REPLAY="${part} ${details.counterexamplePath} ${commandPath}": ${report}`,
  );
}

export const model: Scenario = {
  id: "F23",
  name: "requests compared with a model",
  run: async (scene) => {
    const numRuns = scene.rounds({ full: 160, ci: 40 });
    const seed = scene.random.whole(0, 2 ** 31 - 1);
    await startSlowServers(scene);
    try {
      await createAssistants(scene);
      const busy = await startBusyWorker(scene, slugs.served);
      const world = await openWorld(scene);
      const isReplay = scene.replay !== undefined;
      const comingAndGoing = isReplay
        ? undefined
        : tryComeAndGo(scene).catch((error: unknown) => scene.fault(`F23 ${String(error)}`));
      await check({ scene, world }, "commands", {
        property: commandsProperty(world, scene.replay?.commandPath),
        numRuns,
        seed,
      });
      await comingAndGoing;
      if (!isReplay) for (const fault of await tryRareRaces(world)) scene.fault(`F23 ${fault}`);
      await check({ scene, world }, "races", {
        property: racesProperty(world),
        numRuns: numRuns * 12,
        seed,
      });
      await busy.stop();
    } finally {
      for (const replica of scene.cluster.replicas) await replica.stop();
    }
  },
};
