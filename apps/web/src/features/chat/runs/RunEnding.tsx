import { CircleAlert, RotateCcw } from "lucide-react";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "../../../api/error-message.ts";
import { useTRPC } from "../../../api/trpc.ts";
import { Button } from "../../../ui/Button.tsx";
import { useComposerFocus } from "../composer/focus.ts";
import type { MessageRun } from "../messages/message-log.ts";
import { useRunText } from "./use-run-text.ts";
import { useShowRun } from "../messages/use-message-log.ts";

function TryAgain({ runId }: { runId: number }): ReactNode {
  const { t } = useTranslation();
  const focusComposer = useComposerFocus();
  const showRun = useShowRun();
  const { mutate, isPending, error } = useMutation(
    useTRPC().runs.retry.mutationOptions({
      onSuccess: (run) => {
        focusComposer();
        showRun(run);
      },
    }),
  );
  return (
    <>
      <Button busy={isPending} onClick={() => mutate({ run_id: runId })}>
        <RotateCcw aria-hidden className="size-4" />
        {t("chat.tryAgain")}
      </Button>
      {error !== null && (
        <p role="alert" className="text-sm text-danger">
          {errorMessage(error, t)}
        </p>
      )}
    </>
  );
}

interface RunEndingProps {
  run: MessageRun;
  canRetry: boolean;
  /** A partial answer is shown above and says that it was stopped. */
  hasStoppedAnswer?: boolean;
}

/** Why a question has no answer, and the button that asks it again. */
export function RunEnding({ run, canRetry, hasStoppedAnswer = false }: RunEndingProps): ReactNode {
  const text = useRunText()(run);
  if (text === "") return null;
  const isError = run.state !== "cancelled";
  return (
    <div className="flex flex-wrap items-center gap-3">
      {!hasStoppedAnswer && (
        <p
          className={`flex items-start gap-2 rounded-lg px-3 py-2 text-sm ${isError ? "bg-danger-soft" : "bg-side text-muted"}`}
        >
          <CircleAlert aria-hidden className={`mt-0.5 size-4 shrink-0 ${isError ? "text-danger" : ""}`} />
          <span className="wrap-anywhere">{text}</span>
        </p>
      )}
      {canRetry && <TryAgain runId={run.run_id} />}
    </div>
  );
}
