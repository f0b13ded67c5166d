import type { Cluster } from "./cluster/cluster.ts";
import type { Reply } from "./support/http.ts";
import { findBrokenPromises, waitForQuiet } from "./judging/invariants.ts";
import { createLedger } from "./judging/ledger.ts";
import { createRandom } from "./support/random.ts";
import type { Result } from "./results.ts";
import { employ, type Scenario, type Scene } from "./scene.ts";
import type { RunSettings } from "./settings.ts";

const quietLimitMs = 60_000;
/** A server gives up on a silent database after 10 s and responds with 503. */
const replyLimitMs = 12_000;

function createScene(cluster: Cluster, settings: RunSettings, result: Result): Scene {
  // Each scenario has its own random numbers, so that it makes the same choices alone and among others.
  const random = createRandom(settings.seed + Number(result.id.slice(1)) * 7919);
  const ledger = createLedger();
  ledger.faults = result.faults;
  const isFull = settings.form === "full";
  const fault = (text: string): void => void result.faults.push(text);
  const onReply = ({ status, tookMs, replica }: Reply): void => {
    if (tookMs > replyLimitMs) fault(`a request hung for ${Math.round(tookMs)} ms at ${replica} (status ${status})`);
  };
  return {
    cluster,
    random,
    ledger,
    isFull,
    replay: settings.replay,
    retrying: { urls: cluster.urls, pick: random.pick, onReply },
    rounds: ({ full, ci }) => {
      result.rounds = Math.max(1, Math.round((isFull ? full : ci) * settings.scale));
      return result.rounds;
    },
    recovered: (ms) => result.recoveriesMs.push(ms),
    note: (text) => result.notes.push(text),
    fault,
  };
}

/** Injects the fault, restores everything, waits until no run is open and checks every promise. */
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
  for (const fault of cluster.takeFaults()) scene.fault(fault);
  result.faults = await findBrokenPromises(cluster.inspector, scene.ledger);
  result.tookMs = performance.now() - startedAt;
  return result;
}
