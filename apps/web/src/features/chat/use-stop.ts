import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorText } from "../../api/error-text.ts";
import { useTRPC } from "../../api/trpc.ts";
import { useToast } from "../../ui/use-toast.ts";
import { useShowRun } from "./use-message-log.ts";

/** Stops a run. It may go on for a moment, until its worker has let go. */
export function useStop(runId: number | null): { stop: () => void; isStopping: boolean } {
  const { t } = useTranslation();
  const toast = useToast();
  const { mutate, isPending, isSuccess, variables } = useMutation(
    useTRPC().runs.cancel.mutationOptions({
      onSuccess: useShowRun(),
      onError: (error) => toast(errorText(error, t)),
    }),
  );
  const isStopping = runId !== null && variables?.run_id === runId && (isPending || isSuccess);
  return { stop: () => runId !== null && !isStopping && mutate({ run_id: runId }), isStopping };
}
