import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "../../api/error-message.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { useDeleteDialog, type DialogItem } from "./use-dialogs.ts";

interface DeleteDialogProps {
  dialog: DialogItem;
  isOpen: boolean;
  onClose: () => void;
  onDeleted: () => void;
}

export function DeleteDialog({ dialog, isOpen, onClose, onDeleted }: DeleteDialogProps): ReactNode {
  const { dialogId, name } = dialog;
  const { t } = useTranslation();
  const { mutate, isPending, error } = useDeleteDialog();
  return (
    <ConfirmDialog
      isOpen={isOpen}
      onClose={onClose}
      title={t("dialogs.deleteTitle", { name })}
      text={t("dialogs.deleteText")}
      action={t("dialogs.delete")}
      onConfirm={() => mutate({ dialog_id: dialogId }, { onSuccess: onDeleted })}
      busy={isPending}
      error={error === null ? undefined : errorMessage(error, t)}
    />
  );
}
