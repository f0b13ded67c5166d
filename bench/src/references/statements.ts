import { createQueries, openDatabase, type Queries } from "@deepbot/db";
import postgres from "postgres";

/** Runs a statement; gives rows as arrays, in the order of its columns. */
export type Run = (values?: Readonly<Record<string, unknown>>) => Promise<unknown[][]>;

interface Statement {
  sql: string;
  /** Placeholders, which have a name, and constants. */
  params: unknown[];
}

/** The part of Drizzle's session through which every prepared statement goes. */
interface Session {
  prepareQuery: (query: Statement, fields: unknown, name: string | undefined, ...rest: unknown[]) => unknown;
}

/** The text of every statement of `packages/db` by its name, so that references run the same ones. Connects to nothing. */
export async function listStatements(): Promise<Map<string, Statement>> {
  const database = await openDatabase({ engine: "postgres", url: "postgres://localhost/none" });
  const found = new Map<string, Statement>();
  const session = database.db._.session as unknown as Session;
  const prepare = session.prepareQuery.bind(session);
  session.prepareQuery = (query, fields, name, ...rest) => {
    if (name !== undefined) found.set(name, query);
    return prepare(query, fields, name, ...rest);
  };
  const queries: Queries = createQueries(database.db);
  if (Object.keys(queries).length === 0 || found.size === 0) throw new Error("No statement was seen.");
  await database.close();
  return found;
}

function isPlaceholder(param: unknown): param is { name: string } {
  return typeof param === "object" && param !== null && "name" in param;
}

/** A pool with as many connections as the server's own, and its statements without Drizzle. */
export async function openStatements(url: string): Promise<{ sql: postgres.Sql; statement: (name: string) => Run }> {
  const statements = await listStatements();
  const sql = postgres(url, { max: 10, onnotice: () => {} });
  return {
    sql,
    statement: (name) => {
      const found = statements.get(name);
      if (found === undefined) throw new Error(`There is no statement ${name}.`);
      return async (values = {}) => {
        const params = found.params.map((param) => (isPlaceholder(param) ? values[param.name] : param));
        return sql.unsafe(found.sql, params as never[], { prepare: true }).values() as Promise<unknown[][]>;
      };
    },
  };
}
