import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorMessage } from "../../../api/error-message.ts";
import { useTRPC } from "../../../api/trpc.ts";
import { useToast } from "../../../ui/use-toast.ts";
import { useShowRun } from "../messages/use-message-log.ts";

/** Cancels a run. It stays open until its worker releases it or the grace period expires. */
export function useStop(runId: number | null): { stop: () => void; isStopping: boolean } {
  const { t } = useTranslation();
  const toast = useToast();
  const { mutate, isPending, isSuccess, variables } = useMutation(
    useTRPC().runs.cancel.mutationOptions({
      onSuccess: useShowRun(),
      onError: (error) => toast(errorMessage(error, t)),
    }),
  );
  const isStopping = runId !== null && variables?.run_id === runId && (isPending || isSuccess);
  return { stop: () => runId !== null && !isStopping && mutate({ run_id: runId }), isStopping };
}
