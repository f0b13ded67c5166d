import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createPostgresServer } from "@deepbot/testing";
import { cases } from "./cases/index.ts";
import { loadCheckout } from "./checkout.ts";
import { createDatabases } from "./database.ts";
import { startLoadClient } from "./load/client.ts";
import { loadAverage } from "./measure/processes.ts";
import { formatTable, type Row } from "./row.ts";
import { readSettings, type Settings } from "./settings.ts";
import { statementsEnv, type Bench } from "./stand.ts";
import { listStatements } from "./statements.ts";

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** @param save called with all rows so far after each case, so that an interrupted bench leaves figures */
async function runCases(
  bench: Bench,
  names: readonly string[],
  save: (rows: readonly Row[]) => Promise<void>,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of names) {
    const measure = cases[name];
    if (measure === undefined) throw new Error(`There is no case ${name}: ${Object.keys(cases).join(", ")}`);
    const startedAt = performance.now();
    const load = loadAverage();
    rows.push(...(await measure(bench)));
    await save(rows);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    print(`${name}: took ${seconds} s, load average before it ${load}`);
  }
  return rows;
}

async function runAll(settings: Settings, save: (rows: readonly Row[]) => Promise<void>): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "deepbot-bench-"));
  const postgres = await createPostgresServer(join(folder, "postgres.log"));
  const client = startLoadClient();
  const interrupt = (): void => void postgres.remove().then(() => process.exit(130));
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  const nodeFlags =
    settings.profiles === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${resolve(settings.profiles)}`];
  try {
    await postgres.start();
    await writeFile(statementsEnv({ folder }).STATEMENTS, JSON.stringify([...(await listStatements())]));
    const { quick, server } = settings;
    const databases = createDatabases(postgres.port);
    const before = settings.before === undefined ? undefined : await loadCheckout(resolve(settings.before));
    const bench = { quick, server, before, postgres, databases, client, folder, nodeFlags };
    const rows = await runCases(bench, settings.cases.length > 0 ? settings.cases : Object.keys(cases), save);
    await rm(folder, { recursive: true });
    return rows;
  } finally {
    client.stop();
    await postgres.remove();
  }
}

async function main(): Promise<void> {
  const settings = readSettings();
  const conditions = {
    at: new Date().toISOString(),
    quick: settings.quick,
    node: process.version,
    processors: cpus().map(({ model }) => model),
    loadAverage: loadAverage(),
  };
  await mkdir(dirname(settings.output), { recursive: true });
  const rows = await runAll(settings, (so) =>
    writeFile(settings.output, `${JSON.stringify({ conditions, rows: so }, null, 2)}\n`),
  );
  print(`\n${formatTable(rows)}\n\nalso in ${settings.output}`);
}

await main();
