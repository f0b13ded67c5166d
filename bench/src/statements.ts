import { createQueries, openDatabase, type Queries } from "@deepbot/db";

export interface Statement {
  sql: string;
  /** Placeholders, which have a name, and constants. */
  params: unknown[];
}

/** The part of Drizzle's session through which every prepared statement goes. */
interface Session {
  prepareQuery: (...args: [Statement, unknown, string | undefined, ...unknown[]]) => unknown;
}

/** Every statement that `packages/db` builds at the start, by its name. Connects to nothing. */
export async function listStatements(): Promise<Map<string, Statement>> {
  const database = await openDatabase({ engine: "postgres", url: "postgres://localhost/none" });
  const found = new Map<string, Statement>();
  const session = database.db._.session as unknown as Session;
  const prepare = session.prepareQuery.bind(session);
  session.prepareQuery = (...args) => {
    const [{ sql, params }, , name] = args;
    if (name !== undefined) found.set(name, { sql, params });
    return prepare(...args);
  };
  const queries: Queries = createQueries(database.db);
  if (Object.keys(queries).length === 0 || found.size === 0) throw new Error("No statement was seen.");
  await database.close();
  return found;
}
