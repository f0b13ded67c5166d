import { LogOut, Settings, X } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { errorMessage } from "../api/error-message.ts";
import { useSignOut } from "../features/auth/use-sign-out.ts";
import { useUser, type User } from "../features/auth/use-session.ts";
import { DialogList } from "../features/dialogs/DialogList.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { Logo } from "../ui/Logo.tsx";
import { useToast } from "../ui/use-toast.ts";
import { urls } from "./routes.ts";

function nameOf({ given_name, family_name, email }: User): string {
  return [given_name, family_name].filter(Boolean).join(" ") || email;
}

function AccountBar(): ReactNode {
  const { t } = useTranslation();
  const user = useUser();
  const toast = useToast();
  const { mutate: signOut } = useSignOut({ onError: (error) => toast(errorMessage(error, t)) });
  return (
    <div className="flex items-center gap-1 border-t border-line p-2 pl-4">
      <p className="min-w-0 grow">
        <span className="block truncate text-sm font-medium">{nameOf(user)}</span>
        <span className="block truncate text-xs text-muted">{user.email}</span>
      </p>
      <Link
        href={urls.settings()}
        aria-label={t("settings.title")}
        className="inline-flex size-10 shrink-0 items-center justify-center rounded-lg text-muted hover:bg-hover hover:text-ink"
      >
        <Settings aria-hidden className="size-5" />
      </Link>
      <IconButton label={t("auth.signOut")} side="top" onClick={() => signOut()}>
        <LogOut aria-hidden className="size-5" />
      </IconButton>
    </div>
  );
}

/** The list of dialogs and the signed-in person. */
export function Sidebar({ onClose }: { onClose?: () => void }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="flex h-full flex-col bg-side">
      <div className="flex h-14 shrink-0 items-center gap-2 px-4">
        <Link href={urls.home()} className="flex grow items-center gap-2 rounded-lg font-semibold">
          <Logo className="size-7" />
          Deepbot
        </Link>
        {onClose !== undefined && (
          <IconButton label={t("dialogs.close")} onClick={onClose}>
            <X aria-hidden className="size-5" />
          </IconButton>
        )}
      </div>
      <DialogList />
      <AccountBar />
    </div>
  );
}
