import type { Person } from "../database.ts";
import type { Call } from "./connection.ts";

/**
 * The jobs of the load process. Ports name servers; people and workers are spread over them evenly. Waiters, watchers and those who
 * poll stay until the release.
 */
export type Job =
  | { kind: "answer"; ports: number[]; people: Person[]; workers: number; ms: number }
  | { kind: "calls"; port: number; calls: Call[]; ms: number }
  | { kind: "work"; port: number; people: Person[]; what: "claim" | "append"; ms: number }
  | { kind: "poll"; port: number; count: number }
  | { kind: "wait"; port: number; people: Person[] }
  | { kind: "watch"; port: number; people: Person[] }
  | { kind: "speak"; deltasPerSecond: number; ms: number };

export interface JobResult {
  /** Things done while it was measured. */
  count: number;
  latenciesMs: number[];
  /** Between the worker's report and the person's answer. */
  handoverMs: number[];
  /** How long was measured. */
  ms: number;
  /** CPU time of the load process, as a share of one processor. */
  clientCpu: number;
  failures: number;
}
