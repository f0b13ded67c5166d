export {
  createTestPostgres,
  describeEachEngine,
  describePostgres,
  openTestDatabase,
  type TestEngine,
  type TestPostgres,
} from "./engines.ts";
export { makeDialog, makeRun, makeUser } from "./factories.ts";
export { findViolations, noViolations } from "./invariants.ts";
