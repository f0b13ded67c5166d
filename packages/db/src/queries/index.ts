import type { Db } from "../db.ts";
import { prepareInsertRetry, prepareRequestCancel } from "./cancel-runs.ts";
import { prepareClaimRuns, prepareCountClaimableRuns } from "./claim-runs.ts";
import { prepareInsertDeltas, preparePruneDeltas } from "./deltas.ts";
import { prepareDeleteUser } from "./delete-user.ts";
import {
  prepareDeleteDialog,
  prepareFindDialogStatus,
  prepareInsertDialog,
  prepareListDialogs,
  prepareRenameDialog,
} from "./dialogs.ts";
import { prepareFindProfile, prepareListRunPage, prepareListStoredSessions } from "./export-account.ts";
import { prepareFollowRuns, prepareListChangedRuns } from "./follow-runs.ts";
import { prepareListMessagePage } from "./message-pages.ts";
import { prepareListMessages, prepareListPendingMessages } from "./messages.ts";
import { prepareFindRun, prepareListClosedRuns } from "./read-runs.ts";
import { prepareStoreReply } from "./reply.ts";
import { prepareExtendLease, prepareFailRun, prepareFindReportedRun, prepareReleaseRun } from "./report-runs.ts";
import {
  prepareFindSession,
  prepareListEndedSessions,
  prepareListLiveSessions,
  prepareRevokeSession,
  prepareRevokeUserSessions,
  prepareTouchSessions,
} from "./sessions.ts";
import { prepareSettleRuns } from "./settle-runs.ts";
import { prepareUpsertUserWithSession } from "./sign-in.ts";
import { prepareFindSendObstacle, prepareInsertQuestion } from "./start-run.ts";
import { prepareCompleteRun } from "./store-answer.ts";

/** Builds every statement once; each is prepared by a connection when it first runs it. */
export function createQueries(db: Db) {
  return {
    upsertUserWithSession: prepareUpsertUserWithSession(db),
    findSession: prepareFindSession(db),
    revokeSession: prepareRevokeSession(db),
    listEndedSessions: prepareListEndedSessions(db),
    listLiveSessions: prepareListLiveSessions(db),
    revokeUserSessions: prepareRevokeUserSessions(db),
    touchSessions: prepareTouchSessions(db),

    findProfile: prepareFindProfile(db),
    listStoredSessions: prepareListStoredSessions(db),
    listRunPage: prepareListRunPage(db),
    deleteUser: prepareDeleteUser(db),

    listDialogs: prepareListDialogs(db),
    insertDialog: prepareInsertDialog(db),
    renameDialog: prepareRenameDialog(db),
    deleteDialog: prepareDeleteDialog(db),
    findDialogStatus: prepareFindDialogStatus(db),

    listMessages: prepareListMessages(db),
    listMessagePage: prepareListMessagePage(db),
    listPendingMessages: prepareListPendingMessages(db),

    insertQuestion: prepareInsertQuestion(db),
    findSendObstacle: prepareFindSendObstacle(db),
    insertRetry: prepareInsertRetry(db),
    requestCancel: prepareRequestCancel(db),
    findRun: prepareFindRun(db),
    listClosedRuns: prepareListClosedRuns(db),
    settleRuns: prepareSettleRuns(db),

    insertDeltas: prepareInsertDeltas(db),
    followRuns: prepareFollowRuns(db),
    listChangedRuns: prepareListChangedRuns(db),
    pruneDeltas: preparePruneDeltas(db),

    claimRuns: prepareClaimRuns(db),
    countClaimableRuns: prepareCountClaimableRuns(db),
    extendLease: prepareExtendLease(db),
    releaseRun: prepareReleaseRun(db),
    failRun: prepareFailRun(db),
    completeRun: prepareCompleteRun(db),
    findReportedRun: prepareFindReportedRun(db),
    storeReply: prepareStoreReply(db),
  };
}

export type Queries = ReturnType<typeof createQueries>;
