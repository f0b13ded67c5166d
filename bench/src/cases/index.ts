import type { Row } from "../row.ts";
import type { Bench } from "../stand.ts";
import { measureReads } from "./reads.ts";
import { measureRoundTrip } from "./round-trip.ts";
import { measureThroughput } from "./throughput.ts";

/** All cases by the name that `--case` takes. */
export const cases: Readonly<Record<string, (bench: Bench) => Promise<Row[]>>> = {
  "round-trip": measureRoundTrip,
  throughput: measureThroughput,
  reads: measureReads,
};
