export type { DeltaStore } from "./delta-store.ts";
export { createMemoryNotifier } from "./memory-notifier.ts";
export { createPostgresDeltaStore } from "./postgres-delta-store.ts";
export { openNotifier } from "./open-notifier.ts";
export { isReadyFor, type Notifier, type Readiness } from "./notifier.ts";
