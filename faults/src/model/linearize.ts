import type { Reply } from "../http.ts";
import { findReplyFault } from "./compare.ts";
import type { Model } from "./model.ts";
import type { Raced } from "./stages.ts";
import { step, type Expected } from "./steps.ts";

function* ordersOf<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield [];
  for (const [index, item] of items.entries()) {
    for (const rest of ordersOf(items.toSpliced(index, 1))) yield [item, ...rest];
  }
}

/** A reply that shows a run is read after the change: in a race the run may have gone on since. Its id may not. */
function withoutState({ run, ...expected }: Expected): Expected {
  return run === undefined ? expected : { ...expected, fields: { ...expected.fields, run_id: run.runId } };
}

/** Who was served, and then told that the dialog is gone since, leaves no trace. */
function leavesNoTrace({ request, reply }: Raced, all: readonly Raced[]): boolean {
  const isDeleted = all.some((one) => one.request.kind === "delete");
  return isDeleted && reply.status === 410 && (request.kind === "send" || request.kind === "retry");
}

const refusals = new Set([404, 409]);

/** Why a request is refused is looked up after it was: in a race that may be the reason of another moment. */
function isRefused(expected: Expected, { status }: Reply): boolean {
  return refusals.has(expected.status) && refusals.has(status);
}

function inOrder(model: Model, order: readonly Raced[]): Model | undefined {
  const reached = structuredClone(model);
  const isPossible = order.every(({ request, reply }) => {
    const expected = withoutState(step(reached, request, reply));
    return isRefused(expected, reply) || findReplyFault(reached, expected, reply) === undefined;
  });
  return isPossible ? reached : undefined;
}

/** Where the model may be after requests that raced: one state for each order that explains all replies. */
export function linearize(model: Model, raced: readonly Raced[]): Model[] {
  const traced = raced.filter((one) => !leavesNoTrace(one, raced));
  return Array.from(ordersOf(traced), (order) => inOrder(model, order)).filter((reached) => reached !== undefined);
}
