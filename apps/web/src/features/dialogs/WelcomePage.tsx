import { MessageSquare } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useConfig } from "../../api/config.ts";
import { PageHeader } from "../../app/PageHeader.tsx";
import { urls } from "../../app/routes.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { DialogNameForm } from "./DialogNameForm.tsx";
import { useCreateDialog, useDialogs, type DialogItem } from "./use-dialogs.ts";

function DialogLinks({ dialogs }: { dialogs: DialogItem[] }): ReactNode {
  return (
    <ul className="flex w-full flex-col gap-2">
      {dialogs.map(({ dialogId, name }) => (
        <li key={dialogId}>
          <Link
            href={urls.dialog(dialogId)}
            className="flex min-h-12 items-center gap-3 rounded-xl border border-line px-4 text-left hover:bg-hover"
          >
            <MessageSquare aria-hidden className="size-4 shrink-0 text-muted" />
            <span className="truncate">{name}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** The start page: create a dialog or open one. */
export function WelcomePage(): ReactNode {
  const { t } = useTranslation();
  const limit = useConfig().dialogs_per_user;
  const dialogs = useDialogs();
  const { mutate, isPending, error } = useCreateDialog();
  if (dialogs === undefined) return <PageHeader title="Deepbot" />;
  const text = dialogs.length === 0 ? t("dialogs.welcomeFirst") : t("dialogs.welcomeBack");
  return (
    <>
      <PageHeader title="Deepbot" />
      <div className="flex min-h-0 grow overflow-y-auto">
        <EmptyState title={t("dialogs.welcome")} text={dialogs.length >= limit ? t("dialogs.limit", { limit }) : text}>
          <div className="flex w-full min-w-64 flex-col gap-4 sm:min-w-80">
            {dialogs.length < limit && (
              <DialogNameForm
                action={t("dialogs.create")}
                onSubmit={(name) => mutate({ dialog_name: name })}
                busy={isPending}
                error={error}
              />
            )}
            <DialogLinks dialogs={dialogs} />
          </div>
        </EmptyState>
      </div>
    </>
  );
}
