import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";

/** A Drizzle handle on either engine, or on a transaction of one. */
export type Db = PgDatabase<PgQueryResultHKT>;
