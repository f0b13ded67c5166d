export type { DeltaStore } from "./delta-store.ts";
export { createMemoryNotifier } from "./memory-notifier.ts";
export { createPostgresDeltaStore } from "./postgres-delta-store.ts";
export { openNotifier } from "./open-notifier.ts";
export type { Notifier, Readiness } from "./notifier.ts";
