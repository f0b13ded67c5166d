import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useLocation, useRoute } from "wouter";
import { useTRPC } from "../../api/trpc.ts";
import { parseDialogId, routes, urls } from "../../app/routes.ts";
import { useAppServices } from "../../app/app-services.ts";
import type { Action } from "../../lib/action.ts";
import { useUser } from "../auth/use-session.ts";
import { clearDrafts } from "../chat/unsent/drafts.ts";

export interface DialogItem {
  dialogId: number;
  name: string;
}

/** The person's dialogs; undefined until they are loaded. */
export function useDialogs(): DialogItem[] | undefined {
  const { data } = useQuery(useTRPC().dialogs.list.queryOptions());
  return data?.dialogs.map(({ dialog_id, dialog_name }) => ({ dialogId: dialog_id, name: dialog_name }));
}

/** The dialog in the address, or null on any other page. */
export function useOpenDialogId(): number | null {
  const [, parameters] = useRoute(routes.dialog);
  return parseDialogId(parameters?.dialogId);
}

/** Reloads the list after a change, and after a refusal, because then another device has changed it. */
function useRefetchDialogs(): () => Promise<void> {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return () => queryClient.refetchQueries(trpc.dialogs.list.queryFilter());
}

/** Creates a dialog and opens it. */
export function useCreateDialog(): Action<{ dialog_name: string }> {
  const trpc = useTRPC();
  const refetchDialogs = useRefetchDialogs();
  const [, navigate] = useLocation();
  return useMutation(
    trpc.dialogs.create.mutationOptions({
      onSuccess: async ({ dialog }) => {
        await refetchDialogs();
        navigate(urls.dialog(dialog));
      },
      onError: refetchDialogs,
    }),
  );
}

export function useRenameDialog(): Action<{ dialog_id: number; dialog_name: string }> {
  const trpc = useTRPC();
  const refetchDialogs = useRefetchDialogs();
  return useMutation(trpc.dialogs.rename.mutationOptions({ onSuccess: refetchDialogs, onError: refetchDialogs }));
}

/** Deletes a dialog with its draft and unsent message. Leaves the page if it is the open one. */
export function useDeleteDialog(): Action<{ dialog_id: number }> {
  const trpc = useTRPC();
  const refetchDialogs = useRefetchDialogs();
  const { storage, outbox } = useAppServices();
  const { id: userId } = useUser();
  const openDialogId = useOpenDialogId();
  const [, navigate] = useLocation();
  return useMutation(
    trpc.dialogs.delete.mutationOptions({
      onSuccess: async (_, { dialog_id: dialogId }) => {
        outbox.discard({ userId, dialogId });
        clearDrafts(storage, { userId, dialogId });
        if (dialogId === openDialogId) navigate(urls.home());
        await refetchDialogs();
      },
      onError: refetchDialogs,
    }),
  );
}
