import type { Scenario } from "../scene.ts";
import { killReplica } from "./f01-kill-replica.ts";
import { lostReply } from "./f02-lost-reply.ts";
import { killDatabase } from "./f03-kill-database.ts";
import { killWorker } from "./f04-kill-worker.ts";
import { pauseWorker } from "./f05-pause-worker.ts";
import { manyWorkers } from "./f06-many-workers.ts";
import { duplicates } from "./f07-duplicates.ts";
import { poison } from "./f08-poison.ts";
import { deafListener } from "./f09-deaf-listener.ts";
import { networkCut } from "./f11-network-cut.ts";
import { skewedClocks } from "./f12-skewed-clocks.ts";
import { slowReaders } from "./f13-slow-readers.ts";
import { lostReplica } from "./f14-lost-replica.ts";
import { resumeStreams } from "./f15-resume.ts";
import { rollingRestart } from "./f18-rolling-restart.ts";
import { dialogRaces } from "./f19-dialog-races.ts";
import { logout } from "./f20-logout.ts";
import { migration } from "./f22-migration.ts";
import { model } from "./f23-model.ts";
import { soak } from "./f24-soak.ts";
import { makers } from "./f25-makers.ts";
import { statements } from "./s01-statements.ts";

/** All scenarios, in the order in which they run. */
export const scenarios: readonly Scenario[] = [
  killReplica,
  lostReply,
  killDatabase,
  killWorker,
  pauseWorker,
  manyWorkers,
  duplicates,
  poison,
  deafListener,
  networkCut,
  skewedClocks,
  slowReaders,
  lostReplica,
  resumeStreams,
  rollingRestart,
  dialogRaces,
  logout,
  migration,
  model,
  makers,
  soak,
  statements,
];
