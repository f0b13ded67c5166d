import { Menu } from "@base-ui/react/menu";
import { Ellipsis, MessageSquare, Pencil, Trash2, type LucideIcon } from "lucide-react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { urls } from "../../app/routes.ts";
import { DeleteDialog } from "./DeleteDialog.tsx";
import { DialogNameForm } from "./DialogNameForm.tsx";
import { useRenameDialog, type DialogItem } from "./use-dialogs.ts";

interface RowAction {
  label: string;
  icon: LucideIcon;
  run: () => void;
}

function RowMenu({ name, actions }: { name: string; actions: RowAction[] }): ReactNode {
  const { t } = useTranslation();
  return (
    <Menu.Root>
      <Menu.Trigger
        aria-label={t("dialogs.actions", { name })}
        className="inline-flex size-10 shrink-0 items-center justify-center rounded-lg text-muted hover:text-ink"
      >
        <Ellipsis aria-hidden className="size-4" />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner align="end" className="z-50">
          <Menu.Popup className="min-w-44 rounded-lg border border-line bg-raised p-1 shadow-lg outline-none">
            {actions.map(({ label, icon: Icon, run }) => (
              <Menu.Item
                key={label}
                onClick={run}
                className="flex min-h-10 items-center gap-2 rounded-md px-3 text-sm outline-none data-highlighted:bg-hover"
              >
                <Icon aria-hidden className="size-4" />
                {label}
              </Menu.Item>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function RenameForm({ dialog, onDone }: { dialog: DialogItem; onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  const { mutate, isPending, error } = useRenameDialog();
  return (
    <DialogNameForm
      initialName={dialog.name}
      action={t("dialogs.save")}
      onSubmit={(name) => mutate({ dialog_id: dialog.dialogId, dialog_name: name }, { onSuccess: onDone })}
      onCancel={onDone}
      busy={isPending}
      error={error}
    />
  );
}

interface DialogRowProps {
  dialog: DialogItem;
  isOpen: boolean;
  /** The row is about to disappear and to take the focus with it. */
  onDeleted: () => void;
}

export function DialogRow({ dialog, isOpen, onDeleted }: DialogRowProps): ReactNode {
  const { t } = useTranslation();
  const [action, setAction] = useState<"renaming" | "deleting" | null>(null);
  const link = useRef<HTMLAnchorElement>(null);
  const returnsFocus = useRef(false);
  const finish = (): void => {
    returnsFocus.current = true;
    setAction(null);
  };
  // In an effect, because the link does not exist until the form is gone.
  useEffect(() => {
    if (action !== null || !returnsFocus.current) return;
    returnsFocus.current = false;
    link.current?.focus();
  }, [action]);
  if (action === "renaming") {
    return (
      <li className="p-1">
        <RenameForm dialog={dialog} onDone={finish} />
      </li>
    );
  }
  const actions = [
    { label: t("dialogs.rename"), icon: Pencil, run: () => setAction("renaming") },
    { label: t("dialogs.delete"), icon: Trash2, run: () => setAction("deleting") },
  ];
  return (
    <li className={`flex items-center rounded-lg ${isOpen ? "bg-accent-soft" : "hover:bg-hover"}`}>
      <Link
        ref={link}
        href={urls.dialog(dialog.dialogId)}
        aria-current={isOpen ? "page" : undefined}
        className="flex min-h-10 min-w-0 grow items-center gap-2 rounded-lg pl-3 text-sm"
      >
        <MessageSquare aria-hidden className="size-4 shrink-0 text-muted" />
        <span className="truncate">{dialog.name}</span>
      </Link>
      <RowMenu name={dialog.name} actions={actions} />
      <DeleteDialog
        dialog={dialog}
        isOpen={action === "deleting"}
        onClose={() => setAction(null)}
        onDeleted={onDeleted}
      />
    </li>
  );
}
