import { useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useTRPCClient } from "../../api/trpc.ts";
import type { Action } from "../../lib/action.ts";
import { applyRun, findOpenQuestion, mergeNewest, mergeOlder, type MessageLog, type Run } from "./model/message-log.ts";

const pageSize = 30;

/** How often a dialog is looked at: another device may have written to it, or a watch may hang without breaking. */
const lookIntervalMs = { idle: 10_000, awaiting: 5_000 };

function messageLogKey(dialogId: number): readonly unknown[] {
  return ["message-log", dialogId];
}

/** Changes what is shown of a dialog, if it is shown. */
export function updateMessageLog(
  queryClient: QueryClient,
  dialogId: number,
  update: (log: MessageLog) => MessageLog,
): void {
  queryClient.setQueryData<MessageLog>(messageLogKey(dialogId), (log) => (log === undefined ? log : update(log)));
}

/** Shows what has become of a run. */
export function useShowRun(): (run: Run) => void {
  const queryClient = useQueryClient();
  return (run) => updateMessageLog(queryClient, run.dialog_id, (log) => applyRun(log, run));
}

/** The messages of a dialog. Looks replace the newest page only; what has been loaded before that stays. */
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
    // The merge keeps the objects that say the same; comparing index by index would not after a page in front.
    structuralSharing: false,
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && findOpenQuestion(data) !== undefined ? lookIntervalMs.awaiting : lookIntervalMs.idle,
  });
}

/** Loads the page of older messages. */
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
