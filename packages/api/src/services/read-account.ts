import type { DialogKey, DialogRow, PagedMessage, ProfileRow, Queries, StoredRun, StoredSession } from "@deepbot/db";

/** What the platform keeps about a person. */
export interface AccountData {
  profile: ProfileRow;
  /** Ended ones too, as long as they are stored. */
  sessions: StoredSession[];
  dialogs: (DialogRow & { messages: PagedMessage[]; runs: StoredRun[] })[];
}

/** Rows in one statement: few enough for it to be short, many enough for few of them. */
const pageSize = 500;

/** All messages of a dialog, oldest first. What is stored while they are read is left out. */
async function readMessages(queries: Queries, dialog: DialogKey): Promise<PagedMessage[]> {
  const pages: PagedMessage[][] = [];
  for (let before: number | null = null; ;) {
    const page: PagedMessage[] = (await queries.listMessagePage({ ...dialog, before, limit: pageSize })) ?? [];
    pages.unshift(page);
    const [oldest] = page;
    if (oldest === undefined || page.length < pageSize) return pages.flat();
    before = oldest.seq;
  }
}

async function readRuns(queries: Queries, dialog: DialogKey): Promise<StoredRun[]> {
  const runs: StoredRun[] = [];
  for (;;) {
    const page = await queries.listRunPage({ ...dialog, after: runs.at(-1)?.runId ?? 0, limit: pageSize });
    for (const run of page) runs.push(run);
    if (page.length < pageSize) return runs;
  }
}

/** Reads all of it in short statements, one after the other; undefined when the user is gone. */
export function createReadAccount(queries: Queries): (userId: number) => Promise<AccountData | undefined> {
  return async (userId) => {
    const profile = await queries.findProfile(userId);
    if (profile === undefined) return undefined;
    const dialogs: AccountData["dialogs"] = [];
    for (const dialog of await queries.listDialogs(userId)) {
      const key = { dialogId: dialog.dialogId, userId };
      dialogs.push({ ...dialog, messages: await readMessages(queries, key), runs: await readRuns(queries, key) });
    }
    return { profile, sessions: await queries.listStoredSessions(userId), dialogs };
  };
}
