import { useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useTRPCClient } from "../../../api/trpc.ts";
import type { Action } from "../../../lib/action.ts";
import { applyRun, findOpenQuestion, mergeNewest, mergeOlder, type MessageLog, type Run } from "./message-log.ts";

const pageSize = 30;

/** Fallback polls: another device may have written to the dialog, or a subscription may hang without an error. */
const pollIntervalMs = { idle: 10_000, awaiting: 5_000 };

function messageLogKey(dialogId: number): readonly unknown[] {
  return ["message-log", dialogId];
}

/** Updates the cached messages of a dialog; does nothing if they are not cached. */
export function updateMessageLog(
  queryClient: QueryClient,
  dialogId: number,
  update: (log: MessageLog) => MessageLog,
): void {
  queryClient.setQueryData<MessageLog>(messageLogKey(dialogId), (log) => (log === undefined ? log : update(log)));
}

/** Returns a function that takes a run's new state into the cached messages. */
export function useShowRun(): (run: Run) => void {
  const queryClient = useQueryClient();
  return (run) => updateMessageLog(queryClient, run.dialog_id, (log) => applyRun(log, run));
}

/** The messages of a dialog. A poll replaces only the newest page; older pages stay as they were loaded. */
export function useMessageLog(dialogId: number): { data: MessageLog | undefined; error: unknown } {
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const queryKey = messageLogKey(dialogId);
  return useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const page = await client.messages.list.query({ dialog_id: dialogId, limit: pageSize }, { signal });
      return mergeNewest(queryClient.getQueryData<MessageLog>(queryKey), page);
    },
    // The merge keeps unchanged message objects itself. Query's index-wise comparison fails once a page is prepended.
    structuralSharing: false,
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && findOpenQuestion(data) !== undefined ? pollIntervalMs.awaiting : pollIntervalMs.idle,
  });
}

/** Loads the page before the given message number. */
export function useOlderMessages(dialogId: number): Action<number> {
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  return useMutation({
    meta: { changesNothing: true },
    mutationFn: async (before: number) => {
      const page = await client.messages.list.query({ dialog_id: dialogId, before, limit: pageSize });
      updateMessageLog(queryClient, dialogId, (log) => mergeOlder(log, before, page));
    },
  });
}
