import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPostgresServer, type PostgresServer } from "@deepbot/testing";
import { startCluster, type Cluster } from "./cluster/cluster.ts";
import { formatLine, formatTable, type Result } from "./results.ts";
import { runScenario } from "./run-scenario.ts";
import { scenarios } from "./scenarios/index.ts";
import { readSettings, type RunSettings } from "./settings.ts";
import type { Scenario } from "./scene.ts";

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** What is left to do, and what came of the rest. Lanes take from the same list. */
interface Plan {
  waiting: Scenario[];
  results: Result[];
  settings: RunSettings;
  folder: string;
}

/** Runs one scenario after the other on servers and a database of its own. */
async function runLane({ waiting, results, settings, folder }: Plan, postgres: PostgresServer): Promise<void> {
  let cluster: Cluster | undefined;
  for (let scenario = waiting.shift(); scenario !== undefined; scenario = waiting.shift()) {
    await postgres.start();
    cluster ??= await startCluster(postgres, `faults_${scenario.id.toLowerCase()}`);
    const result = await runScenario(scenario, cluster, settings);
    results.push(result);
    print(formatLine(result));
    if (result.faults.length === 0) continue;
    const logs = join(folder, scenario.id);
    await mkdir(logs, { recursive: true });
    await cluster.saveLogs(logs);
    print(`   logs in ${logs}`);
    // The next scenario gets a new cluster, so that it is not blamed for this one.
    await cluster.close();
    cluster = undefined;
  }
  await cluster?.close();
}

/** Runs the scenarios in `lanes` lanes at once, then those that measure, alone. */
async function runAll(
  chosen: readonly Scenario[],
  { settings, folder }: Pick<Plan, "settings" | "folder">,
): Promise<Result[]> {
  const results: Result[] = [];
  const runLanes = async (lanes: number, waiting: Scenario[]): Promise<void> => {
    const plan = { waiting, results, settings, folder };
    const runOne = async (_: unknown, lane: number): Promise<void> => {
      // Only processes crash, never the machine: the kernel keeps what was written.
      const postgres = await createPostgresServer(join(folder, `postgres-${lane}.log`), { fsync: "off" });
      try {
        await runLane(plan, postgres);
      } finally {
        await postgres.remove();
      }
    };
    await Promise.all(Array.from({ length: Math.min(lanes, waiting.length) }, runOne));
  };
  await runLanes(
    settings.form === "ci" ? 2 : 1,
    chosen.filter(({ measures }) => measures !== true),
  );
  await runLanes(
    1,
    chosen.filter(({ measures }) => measures === true),
  );
  return results.toSorted(
    (a, b) => chosen.findIndex(({ id }) => id === a.id) - chosen.findIndex(({ id }) => id === b.id),
  );
}

async function main(): Promise<void> {
  const settings = readSettings();
  const chosen = scenarios.filter(({ id }) => settings.faults.length === 0 || settings.faults.includes(id));
  print(`seed ${settings.seed}, form ${settings.form}; again with SEED=${settings.seed}`);
  const folder = await mkdtemp(join(tmpdir(), "deepbot-faults-"));
  const results = await runAll(chosen, { settings, folder });
  const failed = results.filter(({ faults }) => faults.length > 0).length;
  if (failed === 0) await rm(folder, { recursive: true });
  print(formatTable(results));
  print(`${results.length - failed} passed, ${failed} failed`);
  process.exit(failed > 0 || results.length === 0 ? 1 : 0);
}

await main();
