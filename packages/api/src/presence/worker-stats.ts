import { limits } from "@deepbot/contract";
import type { AssistantLoad, ListedWorker, Statements } from "@deepbot/db";
import type { ServiceKey } from "../identity/service-key.ts";
import type { Presence } from "./presence.ts";

export interface AssistantStats extends AssistantLoad {
  online: boolean;
  /** Those who serve it, seen last first. */
  workers: ListedWorker[];
}

/** The queues of the assistants that a key reaches, and who serves them. */
export type WorkerStats = (key: ServiceKey) => Promise<AssistantStats[]>;

export function createWorkerStats({
  statements,
  presence,
}: {
  statements: Pick<Statements, "listAssistantLoads">;
  presence: Pick<Presence, "list" | "isOnline">;
}): WorkerStats {
  return async ({ assistantIds }) => {
    const [loads, listed] = await Promise.all([statements.listAssistantLoads(assistantIds), presence.list()]);
    const workers = listed.map((worker) => ({ worker, served: worker.assistantIds && new Set(worker.assistantIds) }));
    return Promise.all(
      loads.map(async (load) => ({
        ...load,
        online: await presence.isOnline(load.assistantId),
        workers: workers
          .filter(({ served }) => served?.has(load.assistantId) ?? true)
          .slice(0, limits.workersShownPerAssistant)
          .map(({ worker }) => worker),
      })),
    );
  };
}
