import type { WorkerLog } from "./types.ts";

const write = (_fields: object, message: string): void => console.error(message);

/** Writes what matters as plain lines to standard error. */
export const consoleLog: WorkerLog = { debug: () => undefined, info: write, warn: write, error: write };
