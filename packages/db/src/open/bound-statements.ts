import type { Db } from "../db.ts";
import { poolOverloaded } from "../errors.ts";

/** How the connections of a process are used at this moment. */
export interface PoolUse {
  /** Connections that statements may use at once. */
  readonly max: number;
  /** Statements and transactions that have a connection. */
  readonly inUse: number;
  /** Those that wait for one. */
  readonly waiting: number;
}

/** Refuses a statement that would wait too long for a connection. It has not reached the database. */
class PoolOverloadedError extends Error {
  readonly code = poolOverloaded;

  constructor() {
    super("Too many statements wait for a connection");
    this.name = "PoolOverloadedError";
  }
}

/** While all connections are in use and no statement ends for this long, new ones are refused at once. */
const stallMs = 3_000;

export interface StatementBounds {
  /** Connections. */
  max: number;
  /** Statements that may wait for one. */
  waitingMax: number;
}

interface Admission {
  use: PoolUse;
  /** @throws {PoolOverloadedError} */
  enter: () => void;
  leave: () => void;
}

function createAdmission({ max, waitingMax }: StatementBounds): Admission {
  let running = 0;
  let progressAt = 0;
  return {
    use: {
      max,
      get inUse() {
        return Math.min(running, max);
      },
      get waiting() {
        return Math.max(0, running - max);
      },
    },
    enter: () => {
      if (running < max) progressAt = performance.now();
      else if (running >= max + waitingMax || performance.now() - progressAt > stallMs) {
        throw new PoolOverloadedError();
      }
      running += 1;
    },
    leave: () => {
      running -= 1;
      progressAt = performance.now();
    },
  };
}

/** A statement that Drizzle has built, ready to run. */
interface Prepared {
  execute: (values?: Record<string, unknown>) => Promise<unknown>;
}

/** The part of Drizzle's session through which all statements and transactions go. */
interface Session {
  prepareQuery: (...args: unknown[]) => Prepared;
  transaction: (...args: unknown[]) => Promise<unknown>;
}

/**
 * Bounds the statements that wait for a connection: those beyond the bound fail at once with {@link PoolOverloadedError}.
 * The drivers themselves queue without end. A transaction counts as one statement.
 */
export function boundStatements(db: Db, bounds: StatementBounds): PoolUse {
  const { use, enter, leave } = createAdmission(bounds);
  const admit = (work: () => Promise<unknown>): Promise<unknown> => {
    try {
      enter();
    } catch (error) {
      return Promise.reject(error);
    }
    const result = work();
    result.then(leave, leave);
    return result;
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Drizzle has these members, but not in its types.
  const session = db._.session as unknown as Session;
  const prepareQuery = session.prepareQuery.bind(session);
  const transaction = session.transaction.bind(session);
  session.prepareQuery = (...args) => {
    const prepared = prepareQuery(...args);
    const execute = prepared.execute.bind(prepared);
    prepared.execute = (values) => admit(() => execute(values));
    return prepared;
  };
  session.transaction = (...args) => admit(() => transaction(...args));
  return use;
}
