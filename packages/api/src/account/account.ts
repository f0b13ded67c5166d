import type { DialogKey, DialogRow, PagedMessage, ProfileRow, Statements, StoredRun, StoredSession } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import { createConcurrencyLimiter } from "../shared/concurrency-limiter.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";

/** Everything that the platform stores about a person. */
export interface AccountData {
  profile: ProfileRow;
  /** Ended ones too, as long as they are stored. */
  sessions: StoredSession[];
  dialogs: (DialogRow & { messages: PagedMessage[]; runs: StoredRun[] })[];
}

/** Exports of a process at the same time: each is held in memory as a whole. */
const exportsAtOnce = 4;

/** Rows in one statement: few enough to keep it short, many enough to need few of them. */
const pageSize = 500;

/** All messages of a dialog, oldest first. Messages that are stored meanwhile are left out. */
async function readMessages(statements: Statements, dialog: DialogKey): Promise<PagedMessage[]> {
  const pages: PagedMessage[][] = [];
  for (let before: number | null = null; ;) {
    const page: PagedMessage[] = (await statements.listMessagePage({ ...dialog, before, limit: pageSize })) ?? [];
    pages.unshift(page);
    const [oldest] = page;
    if (oldest === undefined || page.length < pageSize) return pages.flat();
    before = oldest.seq;
  }
}

async function readRuns(statements: Statements, dialog: DialogKey): Promise<StoredRun[]> {
  const runs: StoredRun[] = [];
  for (;;) {
    const page = await statements.listRunPage({ ...dialog, after: runs.at(-1)?.runId ?? 0, limit: pageSize });
    for (const run of page) runs.push(run);
    if (page.length < pageSize) return runs;
  }
}

/** Reads everything in short statements without a lock; undefined when the user is gone. */
async function readAccount(statements: Statements, userId: number): Promise<AccountData | undefined> {
  const profile = await statements.findProfile(userId);
  if (profile === undefined) return undefined;
  const dialogs: AccountData["dialogs"] = [];
  for (const dialog of await statements.listDialogs(userId)) {
    const key = { dialogId: dialog.dialogId, userId };
    dialogs.push({ ...dialog, messages: await readMessages(statements, key), runs: await readRuns(statements, key) });
  }
  return { profile, sessions: await statements.listStoredSessions(userId), dialogs };
}

export function createAccount({ statements, events }: Pick<UseCaseDeps, "statements" | "events">) {
  const limiter = createConcurrencyLimiter({ perUser: 1, total: exportsAtOnce, refusal: "too_many_exports" });

  return {
    /** @throws {AppError} `too_many_exports`; `account_not_found` when the account was deleted meanwhile */
    export: async (userId: number): Promise<AccountData> => {
      const release = limiter.acquire(userId);
      try {
        const data = await readAccount(statements, userId);
        if (data === undefined) throw new AppError("account_not_found");
        events.emit({ kind: "account_exported", userId });
        return data;
      } finally {
        release();
      }
    },

    /**
     * Erases everything and ends all sessions. Callers that wait for an answer are told.
     *
     * @param namedId the account that the person means to delete
     * @throws {AppError} `account_not_found` when that is not the caller's own, for the bot, or when it is already gone
     */
    delete: async (userId: number, namedId: number): Promise<void> => {
      const deleted = namedId === userId ? await statements.deleteUser(userId) : undefined;
      if (deleted === undefined) throw new AppError("account_not_found");
      const { dialogIds, sessionIds } = deleted;
      events.emit({ kind: "sessions_ended", reason: "account_deleted", userId, sessionIds });
      events.emit({ kind: "account_deleted", userId, dialogIds });
    },
  };
}
