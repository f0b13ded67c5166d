import type { Client } from "@deepbot/client";
import type { QueryClient } from "@tanstack/react-query";
import { createPageClient } from "../api/client.ts";
import { createConnection, recordFailure, type Connection } from "../api/connection.ts";
import { isTransient, isSignedOut } from "../api/failure.ts";
import { createQueryClient, isMe, onEveryChange } from "../api/query-client.ts";
import { createTabSync, type TabMessage, type TabSync } from "../api/tab-sync.ts";
import type { Outgoing, DraftKey } from "../features/chat/unsent/drafts.ts";
import { addQuestion } from "../features/chat/messages/message-log.ts";
import { createOutbox } from "../features/chat/unsent/outbox.ts";
import { updateMessageLog } from "../features/chat/messages/use-message-log.ts";
import { createTextStorage } from "../lib/storage.ts";
import { createPreferences } from "./preferences.ts";
import type { AppServices } from "./app-services.ts";

interface Synced {
  queryClient: QueryClient;
  /** Call it after every change that this page makes. */
  onChange: () => void;
  /** Call it when a call fails because the session has ended. */
  onSignedOut: () => void;
}

/** After a change, this page and the other tabs load their data again. */
function createSyncedQueryClient(connection: Connection, tabs: TabSync): Synced {
  const onChange = (): void => {
    void queryClient.invalidateQueries();
    tabs.announce("changed");
  };
  const onSignedOut = (): void => void queryClient.invalidateQueries({ predicate: ({ queryKey }) => isMe(queryKey) });
  const queryClient: QueryClient = createQueryClient(connection, onSignedOut);
  onEveryChange(queryClient, onChange);
  return { queryClient, onChange, onSignedOut };
}

/** After a sign-out, nothing of the person may stay on the screen while the session is checked again. */
function refreshFor(message: TabMessage, queryClient: QueryClient): Promise<void> {
  return message === "changed"
    ? queryClient.invalidateQueries()
    : queryClient.resetQueries({ predicate: ({ queryKey }) => isMe(queryKey) });
}

/** Resolves after the delay, or as soon as the server can be reached again. */
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

/** Sends a message and adds the stored question to the dialog on the screen. */
function createDelivery(client: Client, connection: Connection, { queryClient, onChange, onSignedOut }: Synced) {
  return async ({ dialogId }: DraftKey, { clientMessageId, text }: Outgoing): Promise<void> => {
    try {
      const question = { dialog_id: dialogId, text_user: text, client_message_id: clientMessageId };
      const run = await client.runs.start.mutate(question);
      updateMessageLog(queryClient, dialogId, (log) => addQuestion(log, run, text));
      onChange();
    } catch (error) {
      recordFailure(connection, error);
      if (isSignedOut(error)) onSignedOut();
      // A refusal means that the data on this page is out of date.
      else if (!isTransient(error)) void queryClient.invalidateQueries();
      throw error;
    }
  };
}

/** Creates everything that lives as long as the page. */
export function createAppServices(): AppServices {
  const connection = createConnection();
  const storage = createTextStorage(() => localStorage);
  const preferences = createPreferences(storage, navigator.languages);
  const client = createPageClient(connection, preferences.language.get);
  const tabs = createTabSync();
  const synced = createSyncedQueryClient(connection, tabs);
  const outbox = createOutbox({
    storage,
    deliver: createDelivery(client, connection, synced),
    pause: (delayMs) => pauseFor(connection, delayMs),
    createId: () => crypto.randomUUID(),
  });
  tabs.listen((message) => {
    if (message === "signed_out") outbox.clear();
    void refreshFor(message, synced.queryClient);
  });
  return { connection, storage, preferences, client, outbox, tabs, queryClient: synced.queryClient };
}
