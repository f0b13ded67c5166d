export type { Db } from "./db.ts";
export { databaseErrorCode, errorCode, isDatabaseOutage, isPoolOverloaded, uniqueViolation } from "./errors.ts";
export type { PoolUse } from "./open/bound-statements.ts";
export type { Channel, Database, DatabaseLocation } from "./open/database.ts";
export { FolderInUseError } from "./open/folder-lock.ts";
export { defaultAssistantId, defaultAssistantSlug } from "./schema/assistants.ts";
export { environmentKeyId, webhookKeyId } from "./schema/workers.ts";
export { openDatabase } from "./open/open-database.ts";
export { createStatements, type Statements } from "./statements/index.ts";
export type { AskMetadata, QueuedRun, SendConflict } from "./statements/ask.ts";
export type { AssistantPatch, AssistantRow, ChangedAssistant, NewAssistant } from "./statements/assistants.ts";
export type { AuditEvent, Facts } from "./statements/audit-events.ts";
export type { ReleasedLease } from "./statements/release-leases.ts";
export type { ClaimedRun } from "./statements/claim-runs.ts";
export type { DialogKey, DialogRow } from "./statements/dialogs.ts";
export type { ProfileRow, StoredRun, StoredSession } from "./statements/export-account.ts";
export type { Delta, DeltaLease, DeltaResult } from "./statements/insert-deltas.ts";
export type { AnswerTimes } from "./statements/leases.ts";
export type { NumberedMessage, PagedMessage } from "./statements/message-pages.ts";
export type { MessageRow, PendingRow } from "./statements/messages.ts";
export type { Quotas, UsageToday } from "./statements/quotas.ts";
export type { LeaseKey } from "./statements/leases.ts";
export type { StoredPersonalToken } from "./statements/personal-tokens.ts";
export type { AssistantLoad } from "./statements/queue-state.ts";
export type { ReportedRun, RunRow } from "./statements/read-runs.ts";
export type { ServiceKeyChange, StoredServiceKey } from "./statements/service-keys.ts";
export type { Cursor, StoredDelta } from "./statements/run-deltas.ts";
export type { LiveSession, SessionUser } from "./statements/sessions.ts";
export type {
  LeftWorker,
  ListedWorker,
  PresentWorker,
  Coverage,
  WorkerChanges,
  WorkerRow,
} from "./statements/workers.ts";
export { workerLeaveGraceMs } from "./statements/workers.ts";
export type { AttemptResult, DisabledWebhook, DueDelivery, EndedRun } from "./statements/webhook-deliveries.ts";
export type { LoggedDelivery } from "./statements/webhook-log.ts";
export type { ActiveWebhook, WebhookRow, WebhookTarget } from "./statements/webhooks.ts";
