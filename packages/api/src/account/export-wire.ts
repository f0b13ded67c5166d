import type { exportOutput } from "@deepbot/contract";
import type { StoredRun, StoredSession } from "@deepbot/db";
import type { z } from "zod";
import { toWireToken } from "../keys/wire-token.ts";
import { toStoredMessage } from "../messages/wire.ts";
import { mapPages, type Pages, type Streamed } from "../shared/json-stream.ts";
import type { AccountData } from "./account.ts";

export type ExportOutput = z.infer<typeof exportOutput>;

type StoredDialog = AccountData["dialogs"] extends Pages<infer Dialog> ? Dialog : never;

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

function sessionOf(session: StoredSession) {
  return {
    session_id: session.sessionId,
    created_at: session.createdAt,
    last_seen_at: session.lastSeenAt,
    expires_at: session.expiresAt,
    ended_at: session.revokedAt,
    user_agent: session.userAgent,
  };
}

function runOf(run: StoredRun) {
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
    messages: mapPages(dialog.messages, toStoredMessage),
    runs: mapPages(dialog.runs, runOf),
  };
}

export function toWireExport(data: AccountData, exportedAt: Date): Streamed<ExportOutput> {
  return {
    exported_at: exportedAt.toISOString(),
    profile: profileOf(data),
    sessions: mapPages(data.sessions, sessionOf),
    tokens: data.tokens.map(toWireToken),
    dialogs: mapPages(data.dialogs, dialogOf),
  };
}
