export * from "./users.ts";
export * from "./sessions.ts";
export * from "./dialogs.ts";
export * from "./messages.ts";
export * from "./runs.ts";
export * from "./run-deltas.ts";
