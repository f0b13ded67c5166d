export type { ClientOptions } from "./client-options.ts";
export { createClient } from "./client.ts";
export { failureClassOf, failureOf, type Failure } from "./failure.ts";
export { foldRunEvent, type LiveRun } from "./fold-run-event.ts";
export { createSseParser, type SseMessage, type SseParser } from "./sse.ts";
export { subscribeRun, type RunSubscription } from "./subscribe-run.ts";
export type { Client, ClaimedRun, ErrorCode, FailureClass, RunEvent, RunState, WireRun } from "./wire.ts";
