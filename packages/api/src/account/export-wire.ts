import { roleOf } from "../messages/wire.ts";
import type { AccountData } from "./account.ts";

type StoredDialog = AccountData["dialogs"][number];

function profileOf({ profile }: AccountData) {
  return {
    id: profile.userId,
    google_id: profile.googleId,
    email: profile.mail,
    given_name: profile.givenName,
    family_name: profile.familyName,
    picture: profile.picture,
    created_at: profile.createdAt.toISOString(),
  };
}

function sessionOf(session: AccountData["sessions"][number]) {
  return {
    session_id: session.sessionId,
    created_at: session.createdAt.toISOString(),
    last_seen_at: session.lastSeenAt.toISOString(),
    expires_at: session.expiresAt.toISOString(),
    ended_at: session.revokedAt?.toISOString() ?? null,
    user_agent: session.userAgent,
  };
}

function runOf(run: StoredDialog["runs"][number]) {
  return {
    run_id: run.runId,
    question_id: run.questionId,
    answer_id: run.answerId,
    state: run.state,
    attempt: run.attempt,
    created_at: run.createdAt.toISOString(),
    ended_at: run.endedAt?.toISOString() ?? null,
    error: run.errorCode === null ? null : { code: run.errorCode, message: run.errorMessage },
  };
}

function dialogOf(dialog: StoredDialog) {
  return {
    dialog_id: dialog.dialogId,
    dialog_name: dialog.dialogName,
    created_at: dialog.createdAt.toISOString(),
    messages: dialog.messages.map((message) => ({
      message_id: message.messageId,
      seq: message.seq,
      role: roleOf(message),
      content: message.content,
      created_at: message.createdAt,
      partial: message.partial,
    })),
    runs: dialog.runs.map(runOf),
  };
}

export function toWireExport(data: AccountData, exportedAt: Date) {
  return {
    exported_at: exportedAt.toISOString(),
    profile: profileOf(data),
    sessions: data.sessions.map(sessionOf),
    dialogs: data.dialogs.map(dialogOf),
  };
}
