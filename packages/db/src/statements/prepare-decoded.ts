import type { Db } from "../db.ts";

/** A select or insert of Drizzle's, complete but for the values of its placeholders. */
interface Query {
  toSQL: () => { sql: string; params: unknown[] };
}

/** A value of a `bigint` column as the drivers give it. */
export type BigintCell = string | number;

/**
 * Prepares a query with a decoder of its own. Drizzle works out for every value how to decode it, about 2 µs a row; that is
 * too much for statements with many rows and for those of every request.
 *
 * @param decode makes a row of its cells, in the order in which the query selects them. Their types are claims, as in
 * Drizzle's `sql<T>`: `bigint` comes as {@link BigintCell}, `timestamptz` as PostgreSQL's text, JSON parsed.
 */
export function prepareDecoded<Row>(
  db: Db,
  query: Query,
  { name, decode }: { name: string; decode: (cells: never) => Row },
): (values: Record<string, unknown>) => Promise<Row[]> {
  const statement = db._.session.prepareQuery<{ execute: Row[]; all: unknown; values: unknown }>(
    query.toSQL(),
    undefined,
    name,
    true,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- The claim that `decode` makes.
    (rows) => rows.map((cells) => decode(cells as never)),
  );
  return (values) => statement.execute(values);
}
