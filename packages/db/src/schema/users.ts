import { sql } from "drizzle-orm";
import { bigint, bigserial, check, integer, pgTable, text, timestamp, unique } from "drizzle-orm/pg-core";

/** The bot is a row of `users` like a person, so that `messages.user_id` names every author. */
export const botUserId = 1;

/** `google_id` of the bot's row: holds a colon, which no subject of an accepted ID token does. */
export const botGoogleId = "deepbot:bot";

/**
 * People who signed in with Google, keyed by the `sub` of their ID token, and the bot. A blocked person has no live session
 * and gets no new one. The four limits replace those of the settings for one person; null leaves the setting.
 */
export const users = pgTable(
  "users",
  {
    userId: bigserial("user_id", { mode: "number" }).primaryKey(),
    mail: text("mail").notNull(),
    googleId: text("google_id").notNull(),
    givenName: text("given_name"),
    familyName: text("family_name"),
    picture: text("picture"),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    blockedAt: timestamp("blocked_at", { withTimezone: true }),
    questionsPerDay: integer("questions_per_day"),
    questionBytesPerDay: bigint("question_bytes_per_day", { mode: "number" }),
    tokensPerDay: bigint("tokens_per_day", { mode: "number" }),
    messagesPerDialog: integer("messages_per_dialog"),
  },
  (t) => [
    unique("users_google_id_key").on(t.googleId),
    check(
      "users_limits_check",
      sql`least(questions_per_day, question_bytes_per_day, tokens_per_day, messages_per_dialog) >= 0`,
    ),
  ],
);
