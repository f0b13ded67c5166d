import type { Row } from "../row.ts";
import type { Bench } from "../stand.ts";
import { measureGrowth } from "./growth.ts";
import { measureReads } from "./reads.ts";
import { measureRoundTrip } from "./round-trip.ts";
import { measureServers } from "./servers.ts";
import { measureStart } from "./start.ts";
import { measureStreams } from "./streams.ts";
import { measureThroughput } from "./throughput.ts";
import { measureTypes } from "./types.ts";
import { measureWaiters } from "./waiters.ts";
import { measureWorker } from "./worker.ts";

/** All cases by the name that `--case` takes. */
export const cases: Readonly<Record<string, (bench: Bench) => Promise<Row[]>>> = {
  "round-trip": measureRoundTrip,
  throughput: measureThroughput,
  reads: measureReads,
  worker: measureWorker,
  waiters: measureWaiters,
  streams: measureStreams,
  growth: measureGrowth,
  servers: measureServers,
  start: measureStart,
  types: measureTypes,
};
