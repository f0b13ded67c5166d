import { bigint, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";

/**
 * Pieces of answers that are being written. The table is UNLOGGED: a crash of the database may lose them, because
 * `messages` holds each whole answer. It has no foreign key, whose check would lock and log a row of `runs` for every
 * delta; deltas of ended runs are pruned.
 */
export const runDeltas = pgTable(
  "run_deltas",
  {
    runId: bigint("run_id", { mode: "number" }).notNull(),
    epoch: integer("epoch").notNull(),
    seq: integer("seq").notNull(),
    text: text("text").notNull(),
    /** UTF-8 bytes of all deltas of the epoch up to and including this one; 0 in rows of versions that did not count. */
    textBytes: integer("text_bytes").notNull().default(0),
  },
  (t) => [primaryKey({ name: "run_deltas_pkey", columns: [t.runId, t.epoch, t.seq] })],
);
