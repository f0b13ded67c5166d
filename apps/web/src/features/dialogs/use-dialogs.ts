import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useLocation, useRoute } from "wouter";
import { useTRPC } from "../../api/trpc.ts";
import { parseDialogId, routes, urls } from "../../app/routes.ts";
import { useServices } from "../../app/services.ts";
import type { Action } from "../../lib/action.ts";
import { useUser } from "../auth/use-session.ts";
import { forgetTexts } from "../chat/kept-texts.ts";

export interface DialogItem {
  dialogId: number;
  name: string;
}

/** The person's dialogs; undefined until they are known. */
export function useDialogs(): DialogItem[] | undefined {
  const { data } = useQuery(useTRPC().dialogs.list.queryOptions());
  return data?.dialogs.map(({ dialog_id, dialog_name }) => ({ dialogId: dialog_id, name: dialog_name }));
}

/** The dialog that the address names. */
export function useOpenDialogId(): number | null {
  const [, parameters] = useRoute(routes.dialog);
  return parseDialogId(parameters?.dialogId);
}

/** Asks for the list anew: after a change, and after a refusal, which tells that another device has changed it. */
function useLookAgain(): () => Promise<void> {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return () => queryClient.refetchQueries(trpc.dialogs.list.queryFilter());
}

/** Creates a dialog and opens it. */
export function useCreateDialog(): Action<{ dialog_name: string }> {
  const trpc = useTRPC();
  const lookAgain = useLookAgain();
  const [, navigate] = useLocation();
  return useMutation(
    trpc.dialogs.create.mutationOptions({
      onSuccess: async ({ dialog }) => {
        await lookAgain();
        navigate(urls.dialog(dialog));
      },
      onError: lookAgain,
    }),
  );
}

export function useRenameDialog(): Action<{ dialog_id: number; dialog_name: string }> {
  const trpc = useTRPC();
  const lookAgain = useLookAgain();
  return useMutation(trpc.dialogs.rename.mutationOptions({ onSuccess: lookAgain, onError: lookAgain }));
}

/** Deletes a dialog with what was typed there, and leaves it if it is the open one. */
export function useDeleteDialog(): Action<{ dialog_id: number }> {
  const trpc = useTRPC();
  const lookAgain = useLookAgain();
  const { storage, outbox } = useServices();
  const { id: userId } = useUser();
  const openDialogId = useOpenDialogId();
  const [, navigate] = useLocation();
  return useMutation(
    trpc.dialogs.delete.mutationOptions({
      onSuccess: async (_, { dialog_id: dialogId }) => {
        outbox.discard({ userId, dialogId });
        forgetTexts(storage, { userId, dialogId });
        if (dialogId === openDialogId) navigate(urls.home());
        await lookAgain();
      },
      onError: lookAgain,
    }),
  );
}
