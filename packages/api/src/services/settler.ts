import type { SettledRun } from "@deepbot/db";
import type { ServiceDeps } from "./deps.ts";

const batch = 200;

/** Moves overdue runs on. Every server runs one; reads call it too when they meet an overdue run. */
export interface Settler {
  settle: () => Promise<void>;
}

export function createSettler({ queries, hints, log }: Omit<ServiceDeps, "settings" | "shutdown">): Settler {
  const report = ({ runId, dialogId, state, errorCode }: SettledRun): void => {
    hints.publish(state === "queued" ? "queue" : `dialog:${dialogId}`);
    const fields = { event: `run_${state}`, run_id: runId, dialog_id: dialogId, reason: errorCode ?? "lease_ran_out" };
    log.warn(fields, `Run ${runId} is ${state}: ${fields.reason}`);
  };

  return {
    settle: async () => {
      for (;;) {
        const settled = await queries.settleRuns(batch);
        settled.forEach(report);
        if (settled.length < batch) return;
      }
    },
  };
}
