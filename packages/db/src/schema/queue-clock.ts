import { sql } from "drizzle-orm";
import { bigint, boolean, check, foreignKey, pgTable, timestamp } from "drizzle-orm/pg-core";
import { users } from "./users.ts";

const position = (name: string) => bigint(name, { mode: "number" }).notNull().default(0);
const moment = (name: string) => timestamp(name, { withTimezone: true }).notNull().defaultNow();

/**
 * The start tag of each person's newest run: start-time fair queueing. A new run gets the tag after it, or after the queue's
 * virtual time when that is later, and claims take the smallest tag first.
 *
 * @see https://doi.org/10.1109/90.649569 Goyal, Vin and Cheng, "Start-time fair queueing"
 */
export const userStartTags = pgTable(
  "user_start_tags",
  { userId: bigint("user_id", { mode: "number" }).primaryKey(), startTag: position("start_tag") },
  (t) => [
    foreignKey({ name: "user_start_tags_user_id_fkey", columns: [t.userId], foreignColumns: [users.userId] }).onDelete(
      "cascade",
    ),
  ],
);

/**
 * The queue's virtual time, in one row: the largest start tag that was claimed, some 250 ms old at most.
 *
 * Claims begin to search at the floor, so that they do not read the index entries of runs that were claimed before, which
 * pile up while a long transaction (a backup) keeps them from being removed. The floor is where the first queued run was
 * seen when it was moved last, every two seconds. It is looked for from the tail, a floor of ten seconds ago or more, so
 * that a run whose transaction committed late is found. A trigger of `runs` keeps runs that come back at the floor or after.
 */
export const queueClock = pgTable(
  "queue_clock",
  {
    onlyRow: boolean("only_row").primaryKey().default(true),
    virtualTime: position("virtual_time"),
    movedAt: moment("moved_at"),
    floorTag: position("floor_tag"),
    floorRunId: position("floor_run_id"),
    floorMovedAt: moment("floor_moved_at"),
    tailTag: position("tail_tag"),
    nextTailTag: position("next_tail_tag"),
    tailMovedAt: moment("tail_moved_at"),
  },
  () => [check("queue_clock_only_row_check", sql`only_row`)],
);
