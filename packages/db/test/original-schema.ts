/** The tables as the original's documentation has them made, with rows as its back end leaves them. */
export const originalSchema = [
  `CREATE TABLE users (
    user_id BIGSERIAL PRIMARY KEY,
    mail TEXT NOT NULL,
    google_id TEXT NOT NULL UNIQUE,
    given_name TEXT,
    family_name TEXT,
    picture TEXT
  )`,
  `CREATE TABLE dialogs (
    dialog_id BIGSERIAL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users(user_id) ON DELETE CASCADE,
    dialog_name VARCHAR(20) NOT NULL,
    status_flag BOOLEAN NOT NULL DEFAULT FALSE
  )`,
  `CREATE TABLE messages (
    message_id BIGSERIAL PRIMARY KEY,
    dialog_id BIGINT NOT NULL REFERENCES dialogs(dialog_id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users(user_id) ON DELETE CASCADE,
    content TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
  )`,
  `INSERT INTO users VALUES (1, 'bot@old', 'the-bot', 'Bot', NULL, NULL), (7, 'ann@example.com', '1234', 'Ann', NULL, NULL)`,
  `SELECT setval('users_user_id_seq', 7)`,
  `INSERT INTO dialogs VALUES (10, 7, 'idle', false), (11, 7, 'stuck', true), (12, 7, 'answered', true), (13, 7, 'empty', true)`,
  `SELECT setval('dialogs_dialog_id_seq', 13)`,
  `INSERT INTO messages (message_id, dialog_id, user_id, content) VALUES
    (100, 10, 7, 'hello'),
    (101, 11, 7, 'stuck question'),
    (102, 10, 1, 'hello to you'),
    (103, 12, 7, 'answered question'),
    (104, 12, 1, 'its answer')`,
  `SELECT setval('messages_message_id_seq', 104)`,
];
