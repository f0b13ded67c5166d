import type { Db } from "@deepbot/db";

/** A statement that Drizzle has built, ready to run. */
interface Prepared {
  execute: (values?: Record<string, unknown>) => Promise<unknown>;
}

/** The part of Drizzle's session through which all statements and transactions go. */
interface Session {
  prepareQuery: (
    ...args: [query: { sql: string }, fields: unknown, name: string | undefined, ...unknown[]]
  ) => Prepared;
  transaction: (...args: unknown[]) => Promise<unknown>;
}

/**
 * The names of the statements that run from now on, oldest first; what has no name is its text, and a transaction counts
 * as one that never fits. Call it before the statements are built.
 */
export function recordStatements(db: Db): string[] {
  const ran: string[] = [];
  const session = db._.session as unknown as Session;
  const prepareQuery = session.prepareQuery.bind(session);
  const transaction = session.transaction.bind(session);
  session.prepareQuery = (...args) => {
    const prepared = prepareQuery(...args);
    const execute = prepared.execute.bind(prepared);
    const [{ sql }, , name = sql] = args;
    prepared.execute = (values) => {
      ran.push(name);
      return execute(values);
    };
    return prepared;
  };
  session.transaction = (...args) => {
    ran.push("transaction");
    return transaction(...args);
  };
  return ran;
}
