import type { RunState } from "@deepbot/contract";

/**
 * The assistants of the model's dialogs. `served`: some worker that is no fallback worker is always there. `unserved`: only
 * fallback workers claim. `offline`: nobody ever claims.
 */
export type Assistant = "served" | "unserved" | "offline";

/** A message as the model has it. Its index in the list is its `seq` minus one. */
export interface ModelMessage {
  role: "user" | "bot";
  content: string;
  partial: boolean;
}

export interface ModelRun {
  runId: number;
  dialogId: number;
  assistant: Assistant;
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
  /** Some report has come under the present lease, or none is needed. */
  isConfirmed: boolean;
  /** It was given back to the queue, where its place depends on the moment. */
  isBack: boolean;
  /** How many runs had ended unclaimed when it was asked: their places go to later questions. */
  refunds: number;
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
  /** Of all dialogs, deleted ones included. */
  assistants: Map<number, Assistant>;
  runs: Map<number, ModelRun>;
  /** Ids of all dialogs and runs, deleted ones included. */
  dialogIds: number[];
  runIds: number[];
  /** How many runs have ended unclaimed. */
  refunds: number;
}

export function createModel(maxAttempts: number): Model {
  return {
    maxAttempts,
    dialogs: new Map(),
    assistants: new Map(),
    runs: new Map(),
    dialogIds: [],
    runIds: [],
    refunds: 0,
  };
}

export function addDialog(model: Model, dialogId: number, assistant: Assistant): void {
  model.dialogs.set(dialogId, []);
  model.assistants.set(dialogId, assistant);
  model.dialogIds.push(dialogId);
}

export function addRun(
  model: Model,
  from: Pick<ModelRun, "runId" | "dialogId" | "question" | "clientMessageId">,
): void {
  model.runIds.push(from.runId);
  model.runs.set(from.runId, {
    ...from,
    assistant: model.assistants.get(from.dialogId) ?? "served",
    state: "queued",
    attempt: 0,
    epoch: 0,
    tokens: [],
    pieces: [],
    cancelRequested: false,
    answer: null,
    error: null,
    isConfirmed: true,
    isBack: false,
    refunds: model.refunds,
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

/** The runs of an assistant that wait, oldest first. */
export function queueOf(model: Model, assistant: Assistant): ModelRun[] {
  return [...model.runs.values()]
    .filter((run) => run.assistant === assistant && run.state === "queued")
    .toSorted((a, b) => a.runId - b.runId);
}

/** Whether one of two queued runs must be claimed first. */
function comesBefore(one: ModelRun, other: ModelRun): boolean {
  const isPromised = !one.isBack && !other.isBack && one.refunds === other.refunds;
  return isPromised && one.runId < other.runId;
}

/** The runs that a claim returns: those that it was given if they may come first, else the oldest. */
export function chooseClaimed(
  queue: readonly ModelRun[],
  { max, givenIds }: { max: number; givenIds: readonly number[] },
): ModelRun[] {
  const given = givenIds.flatMap((id) => queue.find(({ runId }) => runId === id) ?? []);
  const all = [...given, ...queue.filter((run) => !given.includes(run))];
  const isInOrder = all.every((run, place) => !all.slice(place + 1).some((later) => comesBefore(later, run)));
  return (isInOrder ? all : queue).slice(0, max);
}

export function storeAnswer(model: Model, run: ModelRun, answer: { text: string; partial: boolean }): void {
  run.answer = answer.text;
  model.dialogs.get(run.dialogId)?.push({ role: "bot", content: answer.text, partial: answer.partial });
}

/** What was streamed stays as a partial answer. */
export function keepStreamed(model: Model, run: ModelRun): void {
  if (run.pieces.length > 0) storeAnswer(model, run, { text: textOf(run), partial: true });
}

function countRefund(model: Model, { epoch }: ModelRun): void {
  if (epoch === 0) model.refunds += 1;
}

/** Puts a run back into the queue. */
export function queueAgain(run: ModelRun): void {
  run.state = "queued";
  run.isBack = true;
}

/** Ends a run whose cancel was requested. */
export function endCancelled(model: Model, run: ModelRun): void {
  run.state = "cancelled";
  run.error = null;
  countRefund(model, run);
  keepStreamed(model, run);
}

/** A heartbeat or an append of its worker. */
export function giveSign(run: ModelRun): void {
  run.isConfirmed = true;
  if (!run.isOld) run.isDeadlineNear = false;
}

/** What the reaper does with a run whose lease has expired. An attempt that was never confirmed is not spent. */
export function endLease(model: Model, run: ModelRun): void {
  const isSpent = run.isConfirmed;
  if (run.cancelRequested) endCancelled(model, run);
  else if (isSpent && run.attempt >= model.maxAttempts) {
    run.state = "failed";
    run.error = "attempts_spent";
  } else {
    queueAgain(run);
    run.error = null;
    if (!isSpent) run.attempt -= 1;
  }
}

/** What the reaper does with an open run past its deadline. */
export function reachDeadline(model: Model, run: ModelRun): void {
  if (run.cancelRequested) endCancelled(model, run);
  else {
    run.state = "expired";
    run.error = run.attempt === 0 ? "no_worker" : "deadline";
    countRefund(model, run);
  }
}
