import { openDatabase } from "@deepbot/db";
import { ConfigError } from "@deepbot/runtime";
import { readDatabaseConfig } from "./config.ts";

async function main(): Promise<void> {
  const database = await openDatabase(readDatabaseConfig());
  try {
    await database.migrate();
  } finally {
    await database.close();
  }
  process.stdout.write("The database is up to date.\n");
}

main().catch((error: unknown) => {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
