import { sql } from "drizzle-orm";
import { bigint, boolean, check, foreignKey, pgTable, timestamp } from "drizzle-orm/pg-core";
import { users } from "./users.ts";

const position = (name: string) => bigint(name, { mode: "number" }).notNull().default(0);

/**
 * The turn of each person's newest run: start-time fair queueing. A new run gets the turn after it, or after the queue's
 * virtual time when that is later, and claims take the smallest turn first.
 *
 * @see https://doi.org/10.1109/90.649569 Goyal, Vin and Cheng, "Start-time fair queueing"
 */
export const userTurns = pgTable(
  "user_turns",
  { userId: bigint("user_id", { mode: "number" }).primaryKey(), turn: position("turn") },
  (t) => [
    foreignKey({ name: "user_turns_user_id_fkey", columns: [t.userId], foreignColumns: [users.userId] }).onDelete(
      "cascade",
    ),
  ],
);

/**
 * The queue's virtual time, in one row: the largest `turn` that was claimed. Claims begin to search at the floor, a place
 * that all of them had passed some seconds ago, so that they do not read entries of runs that were claimed long before.
 */
export const queueClock = pgTable(
  "queue_clock",
  {
    onlyRow: boolean("only_row").primaryKey().default(true),
    turn: position("turn"),
    floorTurn: position("floor_turn"),
    floorRunId: position("floor_run_id"),
    nextFloorTurn: position("next_floor_turn"),
    nextFloorRunId: position("next_floor_run_id"),
    movedAt: timestamp("moved_at", { withTimezone: true }).notNull().defaultNow(),
  },
  () => [check("queue_clock_only_row_check", sql`only_row`)],
);
