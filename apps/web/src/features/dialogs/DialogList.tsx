import { Plus } from "lucide-react";
import { useRef, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useConfig } from "../../api/config.ts";
import { Button } from "../../ui/Button.tsx";
import { DialogNameForm } from "./DialogNameForm.tsx";
import { DialogRow } from "./DialogRow.tsx";
import { useCreateDialog, useDialogs, useOpenDialogId } from "./use-dialogs.ts";

/** A button that turns into a form. Disabled once the person has as many dialogs as allowed. */
function NewDialog({ count }: { count: number }): ReactNode {
  const { t } = useTranslation();
  const limit = useConfig().dialogs_per_user;
  const [state, setState] = useState<"untouched" | "naming" | "cancelled">("untouched");
  const { mutate, isPending, error, reset } = useCreateDialog();
  const cancel = (): void => {
    reset();
    setState("cancelled");
  };
  if (state === "naming") {
    const create = (name: string): void => mutate({ dialog_name: name }, { onSuccess: () => setState("untouched") });
    return (
      <DialogNameForm action={t("dialogs.create")} onSubmit={create} onCancel={cancel} busy={isPending} error={error} />
    );
  }
  const isFull = count >= limit;
  return (
    <div className="flex flex-col gap-1">
      <Button
        disabled={isFull}
        aria-describedby="dialog-limit"
        autoFocus={state === "cancelled"}
        onClick={() => setState("naming")}
      >
        <Plus aria-hidden className="size-4" />
        {t("dialogs.new")}
      </Button>
      <p id="dialog-limit" className="px-1 text-xs text-muted">
        {isFull ? t("dialogs.limit", { limit }) : t("dialogs.count", { count, limit })}
      </p>
    </div>
  );
}

export function DialogList(): ReactNode {
  const { t } = useTranslation();
  const dialogs = useDialogs();
  const openDialogId = useOpenDialogId();
  const list = useRef<HTMLUListElement>(null);
  return (
    <nav aria-label={t("dialogs.title")} className="flex min-h-0 grow flex-col gap-2 p-2">
      <NewDialog count={dialogs?.length ?? 0} />
      {dialogs?.length === 0 && <p className="px-2 py-4 text-sm text-muted">{t("dialogs.none")}</p>}
      <ul ref={list} tabIndex={-1} className="flex min-h-0 grow flex-col gap-0.5 overflow-y-auto p-0.5">
        {dialogs?.map((dialog) => (
          <DialogRow
            key={dialog.dialogId}
            dialog={dialog}
            isOpen={dialog.dialogId === openDialogId}
            onDeleted={() => list.current?.focus()}
          />
        ))}
      </ul>
    </nav>
  );
}
