import { openDatabase } from "@deepbot/db";
import { readConfig } from "./config.ts";

const database = await openDatabase(readConfig().database);
try {
  await database.migrate();
} finally {
  await database.close();
}
process.stdout.write("The database is up to date.\n");
