/** A message as the model has it; its place in the list is its `seq`, less one. */
export interface ModelMessage {
  role: "user" | "bot";
  content: string;
  partial: boolean;
}

export type RunState = "queued" | "running" | "completed" | "failed" | "cancelled" | "expired";

export interface ModelRun {
  runId: number;
  dialogId: number;
  /** Where its question is in the dialog. */
  question: number;
  clientMessageId: string;
  state: RunState;
  attempt: number;
  generation: number;
  /** All tokens that claims gave, the present one last. */
  tokens: string[];
  /** Of the present generation. */
  pieces: string[];
  cancelRequested: boolean;
  answer: string | null;
  error: string | null;
  /** Its place in the queue. */
  turn: number;
  isBackingOff: boolean;
}

/** What the platform holds for one person, as far as its promises say. Ids and tokens are those that the servers gave. */
export interface Model {
  maxAttempts: number;
  dialogs: Map<number, ModelMessage[]>;
  runs: Map<number, ModelRun>;
  /** Every dialog and run there ever was. */
  dialogIds: number[];
  runIds: number[];
  turns: number;
}

export function createModel(maxAttempts: number): Model {
  return { maxAttempts, dialogs: new Map(), runs: new Map(), dialogIds: [], runIds: [], turns: 0 };
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
    generation: 0,
    tokens: [],
    pieces: [],
    cancelRequested: false,
    answer: null,
    error: null,
    turn: (model.turns += 1),
    isBackingOff: false,
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

/** Those that a claim would give, oldest first. */
export function queueOf(model: Model): ModelRun[] {
  return [...model.runs.values()]
    .filter((run) => run.state === "queued" && !run.isBackingOff)
    .toSorted((a, b) => a.turn - b.turn);
}

export function storeAnswer(model: Model, run: ModelRun, answer: { text: string; partial: boolean }): void {
  run.answer = answer.text;
  model.dialogs.get(run.dialogId)?.push({ role: "bot", content: answer.text, partial: answer.partial });
}

/** Ends a run that nobody wants any more; what was said stays. */
export function endCancelled(model: Model, run: ModelRun): void {
  run.state = "cancelled";
  run.error = null;
  if (run.pieces.length > 0) storeAnswer(model, run, { text: textOf(run), partial: true });
}

/** What the sweep makes of a run whose lease ran out. */
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

/** What becomes of an open run at its deadline. */
export function reachDeadline(model: Model, run: ModelRun): void {
  if (run.cancelRequested) endCancelled(model, run);
  else {
    run.state = "expired";
    run.error = run.attempt === 0 ? "no_worker" : "deadline";
  }
}
