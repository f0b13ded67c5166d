import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "../../api/error-text.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { useDeleteDialog, type DialogItem } from "./use-dialogs.ts";

interface DeleteDialogProps {
  dialog: DialogItem;
  isOpen: boolean;
  onClose: () => void;
}

export function DeleteDialog({ dialog: { dialogId, name }, isOpen, onClose }: DeleteDialogProps): ReactNode {
  const { t } = useTranslation();
  const { mutate, isPending, error } = useDeleteDialog();
  return (
    <ConfirmDialog
      isOpen={isOpen}
      onClose={onClose}
      title={t("dialogs.deleteTitle", { name })}
      text={t("dialogs.deleteText")}
      action={t("dialogs.delete")}
      onConfirm={() => mutate({ dialog_id: dialogId }, { onSuccess: onClose })}
      busy={isPending}
      fault={error === null ? undefined : errorText(error, t)}
    />
  );
}
