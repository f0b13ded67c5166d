import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPostgresServer, type PostgresServer } from "@deepbot/testing";
import { startCluster, type Cluster } from "./cluster.ts";
import { formatLine, formatTable, type Result } from "./results.ts";
import { runScenario } from "./run-scenario.ts";
import { scenarios } from "./scenarios/index.ts";
import { readSettings, type RunSettings } from "./settings.ts";
import type { Scenario } from "./scene.ts";

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function runAll(
  chosen: readonly Scenario[],
  { settings, postgres, folder }: { settings: RunSettings; postgres: PostgresServer; folder: string },
): Promise<Result[]> {
  const results: Result[] = [];
  let cluster: Cluster | undefined;
  for (const scenario of chosen) {
    await postgres.start();
    cluster ??= await startCluster(postgres, `faults_${results.length}`);
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
  return results;
}

async function main(): Promise<void> {
  const settings = readSettings();
  const chosen = scenarios.filter(({ id }) => settings.faults.length === 0 || settings.faults.includes(id));
  print(`seed ${settings.seed}, form ${settings.form}; again with SEED=${settings.seed}`);
  const folder = await mkdtemp(join(tmpdir(), "deepbot-faults-"));
  // Only processes crash, never the machine: the kernel keeps what was written.
  const postgres = await createPostgresServer(join(folder, "postgres.log"), { fsync: "off" });
  let results: Result[] = [];
  try {
    results = await runAll(chosen, { settings, postgres, folder });
  } finally {
    await postgres.remove();
  }
  const failed = results.filter(({ faults }) => faults.length > 0).length;
  if (failed === 0) await rm(folder, { recursive: true });
  print(formatTable(results));
  print(`${results.length - failed} passed, ${failed} failed`);
  process.exit(failed > 0 || results.length === 0 ? 1 : 0);
}

await main();
