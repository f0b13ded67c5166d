import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { botUserId, sessions, users } from "../schema/index.ts";

export interface Profile {
  googleId: string;
  mail: string;
  givenName: string | null;
  familyName: string | null;
  picture: string | null;
}

export interface SignIn extends Profile {
  lifetimeMs: number;
  /** The `User-Agent` header; null if there was none. */
  userAgent: string | null;
}

export interface OpenedSession {
  userId: number;
  sessionId: string;
}

/**
 * Creates or refreshes the user of a Google account and opens a session, in one statement. Undefined for the bot's own
 * row, to which nobody can sign in.
 */
export type UpsertUserWithSession = (signIn: SignIn) => Promise<OpenedSession | undefined>;

export function prepareUpsertUserWithSession(db: Db): UpsertUserWithSession {
  const person = db.$with("person", { userId: users.userId }).as(sql`
    insert into users (google_id, mail, given_name, family_name, picture)
    values (
      ${sql.placeholder("googleId")}, ${sql.placeholder("mail")}, ${sql.placeholder("givenName")},
      ${sql.placeholder("familyName")}, ${sql.placeholder("picture")}
    )
    on conflict (google_id) do update set
      mail = excluded.mail, given_name = excluded.given_name,
      family_name = excluded.family_name, picture = excluded.picture
    where users.user_id <> ${botUserId}
    returning user_id`);
  const session = db.$with("session", { userId: sessions.userId, sessionId: sessions.sessionId }).as(sql`
    insert into sessions (user_id, expires_at, user_agent)
    select user_id, clock_timestamp() + ${sql.placeholder("lifetimeMs")}::float8 * interval '1 millisecond',
      ${sql.placeholder("userAgent")}
    from person
    returning user_id, session_id`);
  const statement = db.with(person, session).select().from(session).prepare("upsert_user_with_session");
  return async (signIn) => (await statement.execute({ ...signIn })).at(0);
}
