import type { QueryClient } from "@tanstack/react-query";
import { createClient, type Client } from "../api/client.ts";
import { createConnection, noteFailure, type Connection } from "../api/connection.ts";
import { isPassing, isSignedOut } from "../api/failure.ts";
import { createQueryClient, isMe, onEveryChange } from "../api/query-client.ts";
import { createTabSync, type TabSync } from "../api/tab-sync.ts";
import type { Outgoing, TextKey } from "../features/chat/kept-texts.ts";
import { addQuestion } from "../features/chat/model/message-log.ts";
import { createOutbox } from "../features/chat/model/outbox.ts";
import { updateMessageLog } from "../features/chat/use-message-log.ts";
import { createTextStorage } from "../lib/storage.ts";
import { createPreferences } from "./preferences.ts";
import type { Services } from "./services.ts";

interface Synced {
  queryClient: QueryClient;
  /** This page has changed something. */
  onChange: () => void;
  /** A call was refused because the session is over: ask who is signed in. */
  onSignedOut: () => void;
}

/** Whatever this page changes, it asks for anew, and so do the other tabs. */
function createSyncedQueryClient(connection: Connection, tabs: TabSync): Synced {
  const onChange = (): void => {
    void queryClient.invalidateQueries();
    tabs.announce("changed");
  };
  const onSignedOut = (): void => void queryClient.invalidateQueries({ predicate: ({ queryKey }) => isMe(queryKey) });
  const queryClient: QueryClient = createQueryClient(connection, onSignedOut);
  onEveryChange(queryClient, onChange);
  tabs.listen((told) => {
    if (told === "changed") void queryClient.invalidateQueries();
    else void queryClient.resetQueries({ predicate: ({ queryKey }) => isMe(queryKey) });
  });
  return { queryClient, onChange, onSignedOut };
}

/** Resolves after that long, or as soon as the platform is reached again. */
function pauseFor(connection: Connection, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      unsubscribe();
      resolve();
    };
    const timer = setTimeout(end, delayMs);
    const unsubscribe = connection.subscribe(() => connection.get() === "reached" && end());
  });
}

/** Hands a message to the platform, and shows the question that it has become. */
function createDelivery(client: Client, connection: Connection, { queryClient, onChange, onSignedOut }: Synced) {
  return async ({ dialogId }: TextKey, { clientMessageId, text }: Outgoing): Promise<void> => {
    try {
      const question = { dialog_id: dialogId, text_user: text, client_message_id: clientMessageId };
      const run = await client.runs.start.mutate(question);
      updateMessageLog(queryClient, dialogId, (log) => addQuestion(log, run, text));
      onChange();
    } catch (error) {
      noteFailure(connection, error);
      if (isSignedOut(error)) onSignedOut();
      // A refusal tells that things are not as this page shows them.
      else if (!isPassing(error)) void queryClient.invalidateQueries();
      throw error;
    }
  };
}

/** Builds everything that lives as long as the page. */
export function createServices(): Services {
  const connection = createConnection();
  const storage = createTextStorage(() => localStorage);
  const preferences = createPreferences(storage, navigator.languages);
  const client = createClient(connection, preferences.language.get);
  const tabs = createTabSync();
  const synced = createSyncedQueryClient(connection, tabs);
  const outbox = createOutbox({
    storage,
    deliver: createDelivery(client, connection, synced),
    pause: (delayMs) => pauseFor(connection, delayMs),
    createId: () => crypto.randomUUID(),
  });
  return { connection, storage, preferences, client, outbox, tabs, queryClient: synced.queryClient };
}
