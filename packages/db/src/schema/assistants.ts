import { sql } from "drizzle-orm";
import { bigserial, check, integer, jsonb, pgTable, text, timestamp, unique } from "drizzle-orm/pg-core";

/** The assistant of every dialog from before there were several. It cannot be disabled. */
export const defaultAssistantId = 1;
export const defaultAssistantSlug = "deepbot";

/**
 * Whom people talk to. Workers ask for the runs of an assistant by its slug. An assistant is disabled instead of deleted, so
 * that its dialogs stay readable; `dialogs` and `runs` refer to it without a foreign key, whose check would lock its row
 * with every question. The three limits replace those of the settings; null leaves the setting.
 */
export const assistants = pgTable(
  "assistants",
  {
    assistantId: bigserial("assistant_id", { mode: "number" }).primaryKey(),
    slug: text("slug").notNull(),
    name: text("name").notNull(),
    description: text("description").notNull().default(""),
    /** What an empty dialog shows. */
    greeting: text("greeting").notNull().default(""),
    /** Questions to begin with. */
    suggestions: jsonb("suggestions").$type<string[]>().notNull().default([]),
    /** For the model; only workers and operators read them. */
    instructions: text("instructions").notNull().default(""),
    accepts: text("accepts").array().$type<("text" | "image" | "file")[]>().notNull().default(["text"]),
    /** Longest time from a question to its answer. */
    answerMaxMs: integer("answer_max_ms"),
    answerMaxBytes: integer("answer_max_bytes"),
    /** Of one person, to this assistant. */
    questionsPerDay: integer("questions_per_day"),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    disabledAt: timestamp("disabled_at", { withTimezone: true }),
  },
  (t) => [
    unique("assistants_slug_key").on(t.slug),
    check("assistants_slug_check", sql`slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'`),
    check("assistants_limits_check", sql`least(answer_max_ms, answer_max_bytes, questions_per_day) > 0`),
    check("assistants_default_check", sql`assistant_id <> 1 or (slug = 'deepbot' and disabled_at is null)`),
  ],
);
