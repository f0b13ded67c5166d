import { readFileSync } from "node:fs";
import postgres from "postgres";
import type { Statement } from "../statements.ts";

/** Runs a statement; gives rows as arrays, in the order of its columns. */
export type Run = (values?: Readonly<Record<string, unknown>>) => Promise<unknown[][]>;

function isPlaceholder(param: unknown): param is { name: string } {
  return typeof param === "object" && param !== null && "name" in param;
}

/**
 * A pool with as many connections as the server's own, and its statements without Drizzle.
 *
 * @param file where the bench has put the text of them
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
          // A statement that has changed must not fail in a way that looks like speed.
          if (!(param.name in values)) throw new Error(`${name} wants ${param.name}.`);
          return values[param.name];
        });
        return sql.unsafe(found.sql, params as never[], { prepare: true }).values() as Promise<unknown[][]>;
      };
    },
  };
}
