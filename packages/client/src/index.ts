export { createClient, type Client, type ClientOptions } from "./client.ts";
export { failureClassOf, failureOf, type Failure } from "./failure.ts";
export { foldRunEvent, type LiveRun } from "./fold-run-event.ts";
export { createSseParser, type SseMessage, type SseParser } from "./sse.ts";
export { subscribeRun, type RunSubscription } from "./subscribe-run.ts";
