import type { Database, DatabaseLocation } from "./database.ts";
import { openEmbedded, openMemory } from "./open-embedded.ts";
import { openPostgres } from "./open-postgres.ts";

/** Opens the database of a location. Does not migrate. */
export async function openDatabase(location: DatabaseLocation): Promise<Database> {
  switch (location.engine) {
    case "postgres":
      return openPostgres(location);
    case "embedded":
      return openEmbedded(location.folder);
    case "memory":
      return openMemory(location.dump);
  }
}
