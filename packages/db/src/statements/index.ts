import type { Db } from "../db.ts";
import { prepareFindSendConflict, prepareInsertQuestion } from "./ask.ts";
import {
  prepareDisableAssistant,
  prepareFindAssistants,
  prepareInsertAssistant,
  prepareListAssistants,
  prepareUpdateAssistant,
} from "./assistants.ts";
import { prepareInsertAuditEvents, preparePruneAuditEvents } from "./audit-events.ts";
import { prepareRequestCancel } from "./cancel-run.ts";
import { prepareClaimRuns } from "./claim-runs.ts";
import { prepareCompleteRun } from "./complete-run.ts";
import { prepareCountClaimableRuns } from "./count-claimable-runs.ts";
import { prepareCountOpenRuns } from "./count-open-runs.ts";
import { prepareDeleteUser } from "./delete-user.ts";
import {
  prepareDeleteDialog,
  prepareFindDialogStatus,
  prepareInsertDialog,
  prepareListDialogs,
  prepareMoveDialog,
  prepareRenameDialog,
} from "./dialogs.ts";
import { prepareFindProfile, prepareListRunPage, prepareListStoredSessions } from "./export-account.ts";
import { prepareFailRun } from "./fail-run.ts";
import { prepareInsertDeltas } from "./insert-deltas.ts";
import { prepareExtendLease, prepareReleaseRun } from "./leases.ts";
import { prepareStoreReply } from "./legacy-reply.ts";
import { prepareListMessagePage, prepareListMessages } from "./message-pages.ts";
import { prepareListPendingMessages } from "./messages.ts";
import { prepareFindPeakUsage, prepareFindUsage, preparePruneUsage } from "./quotas.ts";
import { prepareFindReportedRun, prepareFindRun, prepareFollowRuns, prepareListClosedRuns } from "./read-runs.ts";
import {
  prepareDeletePersonalToken,
  prepareFindPersonalToken,
  prepareInsertPersonalToken,
  prepareListEndedTokens,
  prepareListPersonalTokens,
  prepareTouchPersonalTokens,
} from "./personal-tokens.ts";
import { prepareListAssistantLoads, prepareListQueuePositions } from "./queue-state.ts";
import { prepareReapRuns } from "./reap-runs.ts";
import { prepareReleaseEndedLeases, prepareReleaseUnfitLeases } from "./release-leases.ts";
import { prepareCountRunsOfQuestion, prepareInsertRetry } from "./retry-run.ts";
import {
  prepareListChangedRuns,
  preparePruneDeltas,
  prepareReadDeltas,
  prepareReadStreamedText,
} from "./run-deltas.ts";
import {
  prepareFindAssistantIds,
  prepareInsertServiceKey,
  prepareListLiveServiceKeys,
  prepareListServiceKeys,
  prepareRevokeServiceKey,
  prepareTouchServiceKeys,
  prepareUpdateServiceKey,
} from "./service-keys.ts";
import {
  prepareFindSession,
  prepareListEndedSessions,
  prepareListLiveSessions,
  preparePruneSessions,
  prepareRevokeSession,
  prepareRevokeUserCredentials,
  prepareRevokeUserSession,
  prepareTouchSessions,
} from "./sessions.ts";
import { preparePruneSpentTokens, prepareUpsertUserWithSession } from "./sign-in.ts";
import {
  prepareCountWorkers,
  prepareListCoverages,
  prepareListWorkers,
  preparePruneWorkers,
  prepareWriteWorkers,
} from "./workers.ts";
import {
  prepareClaimDueDeliveries,
  prepareFinishDelivery,
  prepareIsRunTaken,
  prepareRecordPush,
} from "./webhook-deliveries.ts";
import {
  prepareDropDueDeliveries,
  prepareListWebhookDeliveries,
  preparePruneWebhookDeliveries,
} from "./webhook-log.ts";
import {
  prepareDeleteWebhook,
  prepareFindWebhookTarget,
  prepareInsertWebhook,
  prepareListActiveWebhooks,
  prepareListWebhooks,
  prepareRotateWebhookSecret,
  prepareUpdateWebhook,
} from "./webhooks.ts";

/** People, their sessions and dialogs, and what was recorded about them. */
function createPeopleStatements(db: Db) {
  return {
    upsertUserWithSession: prepareUpsertUserWithSession(db),
    pruneSpentTokens: preparePruneSpentTokens(db),
    findSession: prepareFindSession(db),
    revokeSession: prepareRevokeSession(db),
    listEndedSessions: prepareListEndedSessions(db),
    listLiveSessions: prepareListLiveSessions(db),
    revokeUserSession: prepareRevokeUserSession(db),
    revokeUserCredentials: prepareRevokeUserCredentials(db),
    pruneSessions: preparePruneSessions(db),
    touchSessions: prepareTouchSessions(db),

    findProfile: prepareFindProfile(db),
    listStoredSessions: prepareListStoredSessions(db),
    listRunPage: prepareListRunPage(db),
    deleteUser: prepareDeleteUser(db),
    findUsage: prepareFindUsage(db),
    findPeakUsage: prepareFindPeakUsage(db),
    pruneUsage: preparePruneUsage(db),

    listDialogs: prepareListDialogs(db),
    insertDialog: prepareInsertDialog(db),
    renameDialog: prepareRenameDialog(db),
    moveDialog: prepareMoveDialog(db),
    deleteDialog: prepareDeleteDialog(db),
    findDialogStatus: prepareFindDialogStatus(db),

    listMessages: prepareListMessages(db),
    listMessagePage: prepareListMessagePage(db),
    listPendingMessages: prepareListPendingMessages(db),
  };
}

function createAssistantStatements(db: Db) {
  return {
    listAssistants: prepareListAssistants(db),
    findAssistants: prepareFindAssistants(db),
    insertAssistant: prepareInsertAssistant(db),
    updateAssistant: prepareUpdateAssistant(db),
    disableAssistant: prepareDisableAssistant(db),
  };
}

/** Service keys and personal tokens. */
function createKeyStatements(db: Db) {
  return {
    findAssistantIds: prepareFindAssistantIds(db),
    insertServiceKey: prepareInsertServiceKey(db),
    listServiceKeys: prepareListServiceKeys(db),
    updateServiceKey: prepareUpdateServiceKey(db),
    revokeServiceKey: prepareRevokeServiceKey(db),
    listLiveServiceKeys: prepareListLiveServiceKeys(db),
    touchServiceKeys: prepareTouchServiceKeys(db),
    releaseEndedLeases: prepareReleaseEndedLeases(db),
    releaseUnfitLeases: prepareReleaseUnfitLeases(db),

    insertPersonalToken: prepareInsertPersonalToken(db),
    listPersonalTokens: prepareListPersonalTokens(db),
    deletePersonalToken: prepareDeletePersonalToken(db),
    findPersonalToken: prepareFindPersonalToken(db),
    listEndedTokens: prepareListEndedTokens(db),
    touchPersonalTokens: prepareTouchPersonalTokens(db),
  };
}

/** Questions, runs and deltas. */
function createRunStatements(db: Db) {
  return {
    insertQuestion: prepareInsertQuestion(db),
    findSendConflict: prepareFindSendConflict(db),
    insertRetry: prepareInsertRetry(db),
    countRunsOfQuestion: prepareCountRunsOfQuestion(db),
    requestCancel: prepareRequestCancel(db),
    findRun: prepareFindRun(db),
    followRuns: prepareFollowRuns(db),
    listClosedRuns: prepareListClosedRuns(db),
    reapRuns: prepareReapRuns(db),

    insertDeltas: prepareInsertDeltas(db),
    readDeltas: prepareReadDeltas(db),
    readStreamedText: prepareReadStreamedText(db),
    listChangedRuns: prepareListChangedRuns(db),
    pruneDeltas: preparePruneDeltas(db),

    insertAuditEvents: prepareInsertAuditEvents(db),
    pruneAuditEvents: preparePruneAuditEvents(db),

    claimRuns: prepareClaimRuns(db),
    countClaimableRuns: prepareCountClaimableRuns(db),
    countOpenRuns: prepareCountOpenRuns(db),
    extendLease: prepareExtendLease(db),
    releaseRun: prepareReleaseRun(db),
    failRun: prepareFailRun(db),
    completeRun: prepareCompleteRun(db),
    findReportedRun: prepareFindReportedRun(db),
    storeReply: prepareStoreReply(db),
  };
}

/** Who works, and what waits for them. */
function createWorkerStatements(db: Db) {
  return {
    writeWorkers: prepareWriteWorkers(db),
    countWorkers: prepareCountWorkers(db),
    listCoverages: prepareListCoverages(db),
    listWorkers: prepareListWorkers(db),
    pruneWorkers: preparePruneWorkers(db),
    listAssistantLoads: prepareListAssistantLoads(db),
    listQueuePositions: prepareListQueuePositions(db),
  };
}

/** Webhooks, and what is sent to them. */
function createWebhookStatements(db: Db) {
  return {
    listWebhooks: prepareListWebhooks(db),
    insertWebhook: prepareInsertWebhook(db),
    updateWebhook: prepareUpdateWebhook(db),
    rotateWebhookSecret: prepareRotateWebhookSecret(db),
    deleteWebhook: prepareDeleteWebhook(db),
    findWebhookTarget: prepareFindWebhookTarget(db),
    listActiveWebhooks: prepareListActiveWebhooks(db),

    claimDueDeliveries: prepareClaimDueDeliveries(db),
    finishDelivery: prepareFinishDelivery(db),
    recordPush: prepareRecordPush(db),
    isRunTaken: prepareIsRunTaken(db),
    listWebhookDeliveries: prepareListWebhookDeliveries(db),
    dropDueDeliveries: prepareDropDueDeliveries(db),
    pruneWebhookDeliveries: preparePruneWebhookDeliveries(db),
  };
}

/** Builds every statement once. Each connection prepares a statement when it first runs it. */
export function createStatements(db: Db) {
  return {
    ...createPeopleStatements(db),
    ...createKeyStatements(db),
    ...createAssistantStatements(db),
    ...createRunStatements(db),
    ...createWorkerStatements(db),
    ...createWebhookStatements(db),
  };
}

export type Statements = ReturnType<typeof createStatements>;
