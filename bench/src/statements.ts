import { createStatements, openDatabase } from "@deepbot/db";
import type { BenchDatabase } from "./database.ts";

export interface Statement {
  sql: string;
  /** Placeholders, which have a name, and constants. */
  params: unknown[];
}

/** The part of Drizzle's session through which every prepared statement goes. */
interface Session {
  prepareQuery: (...args: [Statement, unknown, string | undefined, ...unknown[]]) => unknown;
}

/** Reports every statement that is built until the returned function is called. */
function watchStatements(
  session: Session,
  onStatement: (statement: Statement, name: string | undefined) => void,
): () => void {
  const { prepareQuery } = session;
  session.prepareQuery = function seen(...args) {
    onStatement(args[0], args[2]);
    return prepareQuery.apply(this, args);
  };
  return () => {
    session.prepareQuery = prepareQuery;
  };
}

/** The statements that `packages/db` prepares at the start, by name. Connects to nothing. */
export async function listStatements(): Promise<Map<string, Statement>> {
  const database = await openDatabase({ engine: "postgres", url: "postgres://localhost/none" });
  const found = new Map<string, Statement>();
  watchStatements(database.db._.session as unknown as Session, ({ sql, params }, name) => {
    if (name !== undefined) found.set(name, { sql, params });
  });
  createStatements(database.db);
  if (found.size === 0) throw new Error("No statement was seen.");
  await database.close();
  return found;
}

/** The statements that run in transactions, by text. They are built with each call, so each is called once. */
export async function listTransactionStatements({ url, addPeople }: BenchDatabase): Promise<Map<string, Statement>> {
  const database = await openDatabase({ engine: "postgres", url, maxConnections: 1 });
  const statements = createStatements(database.db);
  const [person] = await addPeople(1);
  if (person === undefined) throw new Error("No person was added.");
  const found = new Map<string, Statement>();
  // A transaction has a session of its own, of the same class.
  const prototype = Object.getPrototypeOf(database.db._.session) as Session;
  const end = watchStatements(prototype, ({ sql, params }) => found.set(sql, { sql, params }));
  await statements.insertDialog({ userId: person.userId, dialogName: "a dialog", limit: 5 });
  // The first is stored as a message of the bot, the second repeats it.
  for (const text of ["unasked", "unasked"])
    await statements.storeReply({ ...person, text, messagesPerDialog: 100, assistantIds: null, scopes: ["push"] });
  await statements.deleteUser(person.userId);
  end();
  await database.close();
  return found;
}
