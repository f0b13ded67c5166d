import type { ClaimQueue } from "../streaming/claim-queue.ts";

/** Whether a worker is there to answer questions to the assistant. */
export type IsOnline = (assistantId: number) => boolean;

/** True while a worker waits in this process. */
export function createIsOnline({ isAwaited }: Pick<ClaimQueue, "isAwaited">): IsOnline {
  return isAwaited;
}
