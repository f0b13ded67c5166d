import { readFileSync } from "node:fs";
import postgres from "postgres";
import type { Statement } from "../statements.ts";

/** Runs a statement. Returns rows as arrays in the order of the columns. */
export type Run = (values?: Readonly<Record<string, unknown>>) => Promise<unknown[][]>;

function isPlaceholder(param: unknown): param is { name: string } {
  return typeof param === "object" && param !== null && "name" in param;
}

/**
 * The server's statements without Drizzle, over a pool of the same size.
 *
 * @param file with the text of the statements, written by the bench
 */
export function openStatements(url: string, file: string): { sql: postgres.Sql; statement: (name: string) => Run } {
  const statements = new Map(JSON.parse(readFileSync(file, "utf8")) as [string, Statement][]);
  const sql = postgres(url, { max: 10, onnotice: () => {} });
  return {
    sql,
    statement: (name) => {
      const found = statements.get(name);
      if (found === undefined) throw new Error(`There is no statement ${name}.`);
      return async (values = {}) => {
        const params = found.params.map((param) => {
          if (!isPlaceholder(param)) return param;
          // Without this check a changed statement could fail fast and look fast.
          if (!(param.name in values)) throw new Error(`${name} wants ${param.name}.`);
          return values[param.name];
        });
        return sql.unsafe(found.sql, params as never[], { prepare: true }).values() as Promise<unknown[][]>;
      };
    },
  };
}
