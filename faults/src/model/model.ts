import type { RunState } from "@deepbot/contract";

/** A message as the model has it. Its index in the list is its `seq` minus one. */
export interface ModelMessage {
  role: "user" | "bot";
  content: string;
  partial: boolean;
}

export interface ModelRun {
  runId: number;
  dialogId: number;
  /** Index of its question in the dialog. */
  question: number;
  clientMessageId: string;
  state: RunState;
  attempt: number;
  epoch: number;
  /** The tokens of all claims, the present one last. */
  tokens: string[];
  /** Of the present epoch. */
  pieces: string[];
  cancelRequested: boolean;
  answer: string | null;
  error: string | null;
  /** Its place in the queue. */
  position: number;
  isBackingOff: boolean;
  /** Its deadline is less than half of its time away; a sign of life moves it. */
  isDeadlineNear: boolean;
  /** It is so old that nothing moves its deadline any more. */
  isOld: boolean;
}

/** The promised state of the platform for one person. Ids and tokens come from the servers. */
export interface Model {
  maxAttempts: number;
  dialogs: Map<number, ModelMessage[]>;
  runs: Map<number, ModelRun>;
  /** Ids of all dialogs and runs, deleted ones included. */
  dialogIds: number[];
  runIds: number[];
  positions: number;
}

export function createModel(maxAttempts: number): Model {
  return { maxAttempts, dialogs: new Map(), runs: new Map(), dialogIds: [], runIds: [], positions: 0 };
}

export function addDialog(model: Model, dialogId: number): void {
  model.dialogs.set(dialogId, []);
  model.dialogIds.push(dialogId);
}

export function addRun(
  model: Model,
  from: Pick<ModelRun, "runId" | "dialogId" | "question" | "clientMessageId">,
): void {
  model.runIds.push(from.runId);
  model.runs.set(from.runId, {
    ...from,
    state: "queued",
    attempt: 0,
    epoch: 0,
    tokens: [],
    pieces: [],
    cancelRequested: false,
    answer: null,
    error: null,
    position: (model.positions += 1),
    isBackingOff: false,
    isDeadlineNear: false,
    isOld: false,
  });
}

export function isOpen({ state }: ModelRun): boolean {
  return state === "queued" || state === "running";
}

export function runsOf(model: Model, dialogId: number): ModelRun[] {
  return [...model.runs.values()].filter((run) => run.dialogId === dialogId);
}

export function openRunOf(model: Model, dialogId: number): ModelRun | undefined {
  return runsOf(model, dialogId).find(isOpen);
}

export function tokenOf(run: ModelRun | undefined): string | undefined {
  return run?.tokens.at(-1);
}

export function textOf({ pieces }: ModelRun): string {
  return pieces.join("");
}

/** The runs that a claim would return, oldest first. */
export function queueOf(model: Model): ModelRun[] {
  return [...model.runs.values()]
    .filter((run) => run.state === "queued" && !run.isBackingOff)
    .toSorted((a, b) => a.position - b.position);
}

export function storeAnswer(model: Model, run: ModelRun, answer: { text: string; partial: boolean }): void {
  run.answer = answer.text;
  model.dialogs.get(run.dialogId)?.push({ role: "bot", content: answer.text, partial: answer.partial });
}

/** What was streamed stays as a partial answer. */
export function keepStreamed(model: Model, run: ModelRun): void {
  if (run.pieces.length > 0) storeAnswer(model, run, { text: textOf(run), partial: true });
}

/** Ends a run whose cancel was requested. */
export function endCancelled(model: Model, run: ModelRun): void {
  run.state = "cancelled";
  run.error = null;
  keepStreamed(model, run);
}

/** A heartbeat or an append of its worker. */
export function giveSign(run: ModelRun): void {
  if (!run.isOld) run.isDeadlineNear = false;
}

/** What the reaper does with a run whose lease has expired. */
export function endLease(model: Model, run: ModelRun): void {
  if (run.cancelRequested) endCancelled(model, run);
  else if (run.attempt >= model.maxAttempts) {
    run.state = "failed";
    run.error = "attempts_spent";
  } else {
    run.state = "queued";
    run.error = null;
  }
}

/** What the reaper does with an open run past its deadline. */
export function reachDeadline(model: Model, run: ModelRun): void {
  if (run.cancelRequested) endCancelled(model, run);
  else {
    run.state = "expired";
    run.error = run.attempt === 0 ? "no_worker" : "deadline";
  }
}
