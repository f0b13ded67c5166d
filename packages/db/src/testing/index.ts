export {
  createTestPostgres,
  describeEachEngine,
  describePostgres,
  mainEngine,
  openTestDatabase,
  type TestEngine,
  type TestPostgres,
} from "./engines.ts";
export { useDatabase } from "./use-database.ts";
export {
  ampleQuotas,
  anyClaim,
  anyQuestion,
  anyRetry,
  anyTimes,
  makeDialog,
  makeRun,
  makeUser,
  newSignIn,
} from "./factories.ts";
export { findViolations, noViolations } from "./invariants.ts";

/** For tests of other packages, which arrange rows that no query makes. */
export { sql } from "drizzle-orm";
