export {
  errorCatalogue,
  errorMessage,
  errorCodes,
  isErrorCode,
  problemTypeOf,
  statusOf,
  type ErrorCode,
  type ErrorDetails,
  type FailureClass,
} from "./errors.ts";
export { factSchemas } from "./errors/facts.ts";
export type { ErrorEntry } from "./errors/entry.ts";
export { endEventId, formatEventId, parseEventId, type Position } from "./event-id.ts";
export { limits, timing } from "./limits.ts";
export { defaultLocale, locales, type Locale } from "./locale.ts";
export { isOpen, openStates, runStates, type EndState, type OpenState, type RunState } from "./run-states.ts";
export { serviceKeyScopes, webhookEvents, type ServiceKeyScope, type WebhookEvent } from "./service-keys.ts";
export { statusTitles } from "./status-titles.ts";
export { codePointLength, isStorable, toStorable, utf8Length } from "./text.ts";
export { describeIssues, reportMissing, summarizeIssues, type Locate } from "./validation-messages.ts";

export { deleteAccountInput, deleteAccountOutput, exportOutput, usageOutput } from "./schemas/account.ts";
export {
  assistantOutput,
  createAssistantInput,
  disableAssistantInput,
  listAllAssistantsOutput,
  listAssistantsOutput,
  updateAssistantInput,
  type WireAssistant,
  type WireShownAssistant,
} from "./schemas/assistants.ts";
export { logoutOutput, meOutput, nonceInput, nonceOutput, signInInput, signInOutput } from "./schemas/auth.ts";
export { configOutput } from "./schemas/config.ts";
export {
  createDialogInput,
  createDialogOutput,
  deleteDialogOutput,
  dialogInput,
  flagOutput,
  getDialogOutput,
  listDialogsOutput,
  renameDialogInput,
  renameDialogOutput,
  updateDialogInput,
  updateDialogOutput,
} from "./schemas/dialogs.ts";
export type { Usage } from "./schemas/fields.ts";
export { healthOutput } from "./schemas/health.ts";
export {
  createKeyInput,
  createKeyOutput,
  listKeysOutput,
  revokeKeyInput,
  revokeKeyOutput,
  updateKeyInput,
  updateKeyOutput,
  type WireServiceKey,
} from "./schemas/service-keys.ts";
export {
  listMessagesInput,
  listMessagesOutput,
  pendingOutput,
  replyInput,
  replyOutput,
  sendInput,
  sendOutput,
} from "./schemas/messages.ts";
export { problem, validationIssue, type Problem } from "./schemas/problem.ts";
export {
  runEventSchemas,
  runInput,
  runOutput,
  startRunInput,
  watchInput,
  type RunEvent,
  type WireRun,
} from "./schemas/runs.ts";
export {
  createTokenInput,
  createTokenOutput,
  endTokenInput,
  endTokenOutput,
  listTokensOutput,
} from "./schemas/personal-tokens.ts";
export { endAllSessionsOutput, endSessionInput, endSessionOutput, listSessionsOutput } from "./schemas/sessions.ts";
export {
  appendInput,
  claimInput,
  claimOutput,
  completeInput,
  completeOutput,
  failInput,
  failOutput,
  heartbeatInput,
  heartbeatOutput,
  releaseInput,
  releaseOutput,
  statsOutput,
} from "./schemas/worker.ts";
export {
  createWebhookInput,
  createWebhookOutput,
  deleteWebhookOutput,
  listDeliveriesInput,
  listDeliveriesOutput,
  listWebhooksInput,
  listWebhooksOutput,
  rotateWebhookOutput,
  testWebhookOutput,
  updateWebhookInput,
  webhookInput,
  webhookOutput,
} from "./schemas/webhooks.ts";
