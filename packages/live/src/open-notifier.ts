import type { Database } from "@deepbot/db";
import { createMemoryNotifier } from "./memory-notifier.ts";
import type { Notifier, NotifierLog } from "./notifier.ts";
import { createPostgresNotifier } from "./postgres-notifier.ts";

/** A notifier that reaches every process on this database. Close it before the database. */
export async function openNotifier({ channel }: Pick<Database, "channel">, log: NotifierLog): Promise<Notifier> {
  return channel === null ? createMemoryNotifier() : createPostgresNotifier({ channel, log });
}
