import { openDatabase, type DatabaseLocation } from "@deepbot/db";
import { readDatabaseConfig } from "./config.ts";
import { startProblem } from "./start-problem.ts";

async function migrate(location: DatabaseLocation): Promise<void> {
  const database = await openDatabase(location);
  try {
    await database.migrate();
  } finally {
    await database.close();
  }
}

let location: DatabaseLocation | undefined;
try {
  location = readDatabaseConfig();
  await migrate(location);
  process.stdout.write("The database is up to date.\n");
} catch (error) {
  const problem = startProblem(error, location);
  if (problem === undefined) throw error;
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}
