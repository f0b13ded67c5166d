import type { Database } from "@deepbot/db";

/** A database whose transactions fail as told: creating a dialog is one. Everything else works. */
export interface FailingDatabase {
  wrap: (database: Database) => Database;
  /** From now on every transaction rejects with what this returns. */
  failWith: (raise: () => unknown) => void;
}

export function createFailingDatabase(): FailingDatabase {
  let raise: (() => unknown) | undefined;
  return {
    failWith: (next) => {
      raise = next;
    },
    wrap: (database) => ({
      ...database,
      db: new Proxy(database.db, {
        get: (target, key) => {
          if (key === "transaction" && raise !== undefined) return () => Promise.reject(raise?.());
          const value = Reflect.get(target, key) as unknown;
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
      }),
    }),
  };
}
