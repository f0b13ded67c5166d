import type { Cluster } from "./cluster.ts";
import { findBrokenPromises, waitForQuiet } from "./invariants.ts";
import { createLedger } from "./ledger.ts";
import { createRandom } from "./random.ts";
import type { Result } from "./results.ts";
import { employ, type Scenario, type Scene } from "./scene.ts";
import type { RunSettings } from "./settings.ts";

const quietLimitMs = 60_000;

function createScene(cluster: Cluster, settings: RunSettings, result: Result): Scene {
  // Each scenario has chances of its own, so that it runs the same alone and among others.
  const random = createRandom(settings.seed + Number(result.id.slice(1)) * 7919);
  const ledger = createLedger();
  ledger.faults = result.faults;
  const isFull = settings.form === "full";
  return {
    cluster,
    random,
    ledger,
    isFull,
    replay: settings.replay,
    retrying: { urls: cluster.urls, pick: random.pick },
    rounds: ({ full, ci }) => {
      result.rounds = Math.max(1, Math.round((isFull ? full : ci) * settings.scale));
      return result.rounds;
    },
    recovered: (ms) => result.recoveriesMs.push(ms),
    note: (text) => result.notes.push(text),
    fault: (text) => result.faults.push(text),
  };
}

/** Injects the fault, heals, waits for quiet and looks whether all promises were kept. */
export async function runScenario(scenario: Scenario, cluster: Cluster, settings: RunSettings): Promise<Result> {
  const { id, name } = scenario;
  const result: Result = { id, name, rounds: 1, faults: [], recoveriesMs: [], notes: [], tookMs: 0 };
  const startedAt = performance.now();
  const scene = createScene(cluster, settings, result);
  try {
    await cluster.heal();
    await scenario.run(scene);
  } catch (error) {
    scene.fault(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  await cluster.heal();
  const cleaners = employ(scene, 2, { name: "cleaner" });
  await waitForQuiet(cluster.inspector, quietLimitMs);
  await cleaners.stop();
  for (const crash of cluster.takeCrashes()) scene.fault(crash);
  result.faults = await findBrokenPromises(cluster.inspector, scene.ledger);
  result.tookMs = performance.now() - startedAt;
  return result;
}
