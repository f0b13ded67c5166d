/** States of a run that is not over yet. */
export const openStates = ["queued", "running"] as const;

/** States that a run ends in. */
export const endStates = ["completed", "failed", "cancelled", "expired"] as const;

/** Every state of a run. */
export const runStates = [...openStates, ...endStates] as const;

export type OpenState = (typeof openStates)[number];
export type EndState = (typeof endStates)[number];
export type RunState = (typeof runStates)[number];

export function isOpen(state: RunState): state is OpenState {
  return state === "queued" || state === "running";
}
