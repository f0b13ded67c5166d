import { bigserial, pgTable, text, timestamp, unique } from "drizzle-orm/pg-core";

/** The bot is a row of `users` like a person, so that `messages.user_id` names every author. */
export const botUserId = 1;

/** `google_id` of the bot's row: holds a colon, which no subject of an accepted ID token does. */
export const botGoogleId = "deepbot:bot";

/** People who signed in with Google, keyed by the `sub` of their ID token, and the bot. */
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
  },
  (t) => [unique("users_google_id_key").on(t.googleId)],
);
