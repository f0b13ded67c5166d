import { at, ids, type Example } from "./example.ts";

const person = {
  given_name: "Ada",
  family_name: "Lovelace",
  picture: null,
};

const email = "ada@example.com";

const token = {
  token_id: ids.token,
  name: "my script",
  prefix: "dbp_4f9K2x",
  created_at: at(0),
  expires_at: null,
  last_used_at: null,
};

/** Signing in and out, and what belongs to a person. */
export const peopleExamples: Readonly<Record<string, Example>> = {
  "config.get": {
    response: {
      sign_in: "development",
      google_client_id: null,
      dialogs_per_user: 5,
      dialog_name_min: 3,
      dialog_name_max: 20,
      question_min: 1,
      question_max: 2000,
      message_page_max: 200,
      answer_deadline_ms: 120_000,
    },
  },
  "auth.nonce": { request: {}, response: { nonce: "q6uJ0cE1mS4rT8wYb2nVxA" } },
  "auth.signIn": {
    request: { token: "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl" },
    response: { status: "successful", email, ...person },
  },
  "auth.me": { response: { server: "ok", content: [{ ...person, id: ids.user, email }] } },
  "auth.logout": { response: { server: "ok" } },
  "sessions.list": {
    response: {
      sessions: [
        {
          session_id: ids.session,
          created_at: at(0),
          last_seen_at: at(0),
          user_agent: "curl/8.16.0",
          current: true,
        },
      ],
    },
  },
  "sessions.end": { parameters: { session_id: ids.session }, response: { session_id: ids.session } },
  "sessions.endAll": { response: { ended: 1 } },
  "account.usage": {
    response: {
      resets_at: "2026-11-28T00:00:00.000Z",
      questions: { used: 0, limit: 2000 },
      question_bytes: { used: 0, limit: 8_000_000 },
      tokens: { used: 0, limit: null, input: 0, output: 0 },
      messages_per_dialog: 10_000,
    },
  },
  "account.export": {
    response: {
      exported_at: at(3),
      profile: { id: ids.user, google_id: "1234567890", email, ...person, created_at: at(0) },
      sessions: [
        {
          session_id: ids.session,
          created_at: at(0),
          last_seen_at: at(0),
          expires_at: "2026-12-04T12:00:00.000Z",
          ended_at: null,
          user_agent: "curl/8.16.0",
        },
      ],
      tokens: [],
      dialogs: [],
    },
  },
  "tokens.list": { response: { tokens: [token] } },
  "tokens.create": { request: { name: "my script" }, response: { ...token, token: ids.personalToken } },
  "tokens.end": { parameters: { token_id: ids.token }, response: { token_id: ids.token } },
  "account.delete": { parameters: { user_id: ids.user }, response: { user_id: ids.user } },
  "health.check": { response: { status: "ok" } },
};
