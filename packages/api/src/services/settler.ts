import type { SettledRun } from "@deepbot/db";
import type { ServiceDeps } from "./deps.ts";

const batch = 200;

/** Moves overdue runs on. Every server runs one; reads call it too when they meet an overdue run. */
export interface Settler {
  settle: () => Promise<void>;
}

export function createSettler({ queries, hints, log, settings }: Omit<ServiceDeps, "shutdown">): Settler {
  const report = ({ runId, dialogId, state, errorCode }: SettledRun): void => {
    hints.publish(state === "queued" ? "queue" : `dialog:${dialogId}`);
    const reason = errorCode ?? (state === "queued" ? "lease_ran_out" : "asked_for");
    const fields = { event: `run_${state}`, run_id: runId, dialog_id: dialogId, reason };
    log.warn(fields, `Run ${runId} is ${state}: ${reason}`);
  };

  return {
    settle: async () => {
      for (;;) {
        const settled = await queries.settleRuns({ limit: batch, cancelGraceMs: settings.cancelGraceMs });
        settled.forEach(report);
        if (settled.length < batch) return;
      }
    },
  };
}
