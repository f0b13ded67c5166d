import type { Reply } from "../support/http.ts";
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

/** Servers read the run for the reply after the change, so in a race its state may be a later one. Its id stays the same. */
function withoutState({ run, ...expected }: Expected): Expected {
  return run === undefined ? expected : { ...expected, fields: { ...expected.fields, run_id: run.runId } };
}

/** A request whose dialog was deleted before the reply leaves no trace. */
function leavesNoTrace({ request, reply }: Raced, all: readonly Raced[]): boolean {
  const isDeleted = all.some((one) => one.request.kind === "delete");
  return isDeleted && reply.status === 410 && (request.kind === "send" || request.kind === "retry");
}

const refusals = new Set([404, 409]);

/** Servers look the reason of a refusal up afterwards, so in a race it may be a later one. */
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

/**
 * The race as it is, and without its deltas: a worker that sends a delta and does not wait for the response before it reports
 * the end may find the delta missing in the text that is kept.
 */
function withLostDeltas(raced: readonly Raced[]): (readonly Raced[])[] {
  const keepsText = raced.some(
    ({ request: { kind, ...rest } }) => kind === "fail" || ("text" in rest && rest.text === null),
  );
  return keepsText ? [raced, raced.filter(({ request }) => request.kind !== "append")] : [raced];
}

/** Possible states of the model after a race: one for each order that explains all replies. */
export function linearize(model: Model, raced: readonly Raced[]): Model[] {
  const traced = raced.filter((one) => !leavesNoTrace(one, raced));
  return withLostDeltas(traced)
    .flatMap((each) => Array.from(ordersOf(each), (order) => inOrder(model, order)))
    .filter((reached) => reached !== undefined);
}
