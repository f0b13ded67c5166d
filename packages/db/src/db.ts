import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import type * as schema from "./schema/index.ts";

/** A Drizzle handle on either engine, or on a transaction of one. */
export type Db = PgDatabase<PgQueryResultHKT, typeof schema>;
