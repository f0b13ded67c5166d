import { bigint, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";

/**
 * Deltas of answers that are being made. The table is UNLOGGED: what it holds may be lost with a crash of the database,
 * because the whole answer in `messages` is the truth. For the same reason it has no foreign key, whose check would lock and
 * log a row of `runs` for every delta; rows of ended runs are pruned.
 */
export const runEvents = pgTable(
  "run_events",
  {
    runId: bigint("run_id", { mode: "number" }).notNull(),
    generation: integer("generation").notNull(),
    seq: integer("seq").notNull(),
    text: text("text").notNull(),
    /** UTF-8 of the text up to here, with this delta. 0 in rows of a version that did not count. */
    saidBytes: integer("said_bytes").notNull().default(0),
  },
  (t) => [primaryKey({ name: "run_events_pkey", columns: [t.runId, t.generation, t.seq] })],
);
