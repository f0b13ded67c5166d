import type { Locale } from "../locale.ts";
import type { FactName } from "./facts.ts";

/**
 * What a failed call means to its client:
 *
 * - `refused`: repeating the same call will fail again.
 * - `unavailable`: the same call may succeed later, after `Retry-After` or a back-off.
 * - `signed_out`: the call may succeed after signing in again.
 * - `lease_lost`: the run no longer belongs to this worker.
 */
export type FailureClass = "refused" | "unavailable" | "signed_out" | "lease_lost";

export interface ErrorEntry {
  status: number;
  failure: FailureClass;
  /** Members that the error always has beside those of every error. */
  facts?: readonly FactName[];
  /** Members that it may have. */
  optionalFacts?: readonly FactName[];
  /** The sentence that a person may read. `{name}` is filled in from the details of the error. */
  text: Readonly<Record<Locale, string>>;
}
