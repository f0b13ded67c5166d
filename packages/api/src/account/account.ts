import type {
  DialogKey,
  DialogRow,
  NumberedMessage,
  ProfileRow,
  Statements,
  StoredPersonalToken,
  StoredRun,
  StoredSession,
} from "@deepbot/db";
import { AppError } from "../app-error.ts";
import { readHistory } from "../dialogs/read-history.ts";
import { createConcurrencyLimiter } from "../shared/concurrency-limiter.ts";
import type { Pages } from "../shared/json-stream.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";

/** Everything that the platform stores about a person. Its lists are read when they are iterated. */
export interface AccountData {
  profile: ProfileRow;
  /** Ended ones too, as long as they are stored. */
  sessions: Pages<StoredSession>;
  tokens: StoredPersonalToken[];
  dialogs: Pages<DialogRow & { messages: Pages<NumberedMessage>; runs: Pages<StoredRun> }>;
}

/** Exports of a process at the same time. Each holds one or two pages in memory. */
const exportsAtOnce = 16;

/** Rows in one statement: few enough to keep it short, many enough to need few of them. */
const pageSize = 500;

type PageStream<Item> = AsyncGenerator<Item[], void, undefined>;

async function* readSessions({ listStoredSessions }: Statements, userId: number): PageStream<StoredSession> {
  let page = await listStoredSessions({ userId, after: null, limit: pageSize });
  for (; page.sessions.length > 0; page = await listStoredSessions({ userId, after: page.last, limit: pageSize })) {
    yield page.sessions;
    if (page.sessions.length < pageSize) return;
  }
}

async function* readMessages(statements: Statements, dialog: DialogKey): PageStream<NumberedMessage> {
  const pages = await readHistory(statements, dialog);
  if (pages === undefined) return;
  for await (const page of pages) yield [...page];
}

async function* readRuns({ listRunPage }: Statements, dialog: DialogKey): PageStream<StoredRun> {
  for (let after: number | undefined = 0; after !== undefined;) {
    const page: StoredRun[] = await listRunPage({ ...dialog, after, limit: pageSize });
    yield page;
    after = page.length < pageSize ? undefined : page.at(-1)?.runId;
  }
}

async function* readDialogs(
  statements: Statements,
  userId: number,
): PageStream<DialogRow & { messages: Pages<NumberedMessage>; runs: Pages<StoredRun> }> {
  const dialogs = await statements.listDialogs(userId);
  yield dialogs.map((dialog) => {
    const key = { dialogId: dialog.dialogId, userId };
    return { ...dialog, messages: readMessages(statements, key), runs: readRuns(statements, key) };
  });
}

export function createAccount({ statements, events }: Pick<UseCaseDeps, "statements" | "events">) {
  const limiter = createConcurrencyLimiter({ perHolder: 1, total: exportsAtOnce, refusal: "too_many_exports" });

  return {
    /**
     * Everything about a person, in short statements without a lock. The caller closes it, read or unread.
     *
     * @throws {AppError} `too_many_exports`; `account_not_found` when the account was deleted meanwhile; `dialog_not_found`
     * while the lists are read, when a dialog was deleted meanwhile
     */
    export: async (userId: number): Promise<{ data: AccountData; close: () => void }> => {
      const close = limiter.acquire(userId);
      try {
        const profile = await statements.findProfile(userId);
        if (profile === undefined) throw new AppError("account_not_found");
        const tokens = await statements.listPersonalTokens(userId);
        events.emit({ kind: "account_exported", userId });
        const [sessions, dialogs] = [readSessions(statements, userId), readDialogs(statements, userId)];
        return { data: { profile, sessions, tokens, dialogs }, close };
      } catch (error) {
        close();
        throw error;
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
