import { AlertDialog } from "@base-ui/react/alert-dialog";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./Button.tsx";
import { popupStyle, backdropStyle } from "./popup-style.ts";

interface ConfirmDialogProps {
  isOpen: boolean;
  onClose: () => void;
  title: string;
  text: string;
  /** Label of the confirming button. */
  action: string;
  onConfirm: () => void;
  busy: boolean;
  canConfirm?: boolean;
  error?: string | undefined;
  children?: ReactNode;
}

/** Asks for confirmation of something that cannot be undone. The focus starts on Cancel. */
export function ConfirmDialog(props: ConfirmDialogProps): ReactNode {
  const { t } = useTranslation();
  const { isOpen, onClose, title, text, action, onConfirm, busy, canConfirm = true, error, children } = props;
  return (
    <AlertDialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={backdropStyle} />
        <AlertDialog.Popup className={popupStyle}>
          <AlertDialog.Title className="text-lg font-semibold wrap-anywhere">{title}</AlertDialog.Title>
          <AlertDialog.Description className="text-muted">{text}</AlertDialog.Description>
          {children}
          {error !== undefined && (
            <p role="alert" className="text-sm text-danger">
              {error}
            </p>
          )}
          <div className="mt-2 flex flex-wrap justify-end gap-2">
            <AlertDialog.Close render={<Button />}>{t("dialogs.cancel")}</AlertDialog.Close>
            <Button variant="danger" busy={busy} disabled={!canConfirm} onClick={onConfirm}>
              {action}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
