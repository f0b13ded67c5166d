import { useId, type ReactNode } from "react";
import { failureOf } from "@deepbot/client";
import { useTranslation } from "react-i18next";
import { SignInMethod } from "../auth/SignInMethod.tsx";

/** Whether the server wants a recent sign-in for what was tried. */
export function wantsSignIn(error: unknown): boolean {
  return error !== null && failureOf(error).code === "sign_in_again";
}

/** Offers to sign in again, without leaving the page, before something that a copied cookie alone must not do. */
export function SignInAgain({ onSignedIn }: { onSignedIn: () => void }): ReactNode {
  const { t } = useTranslation();
  const id = useId();
  return (
    <div role="group" aria-labelledby={id} className="flex max-w-sm flex-col gap-4 rounded-xl border border-line p-4">
      <p id={id} role="alert" className="text-sm">
        {t("settings.signInAgain")}
      </p>
      <SignInMethod onSignedIn={onSignedIn} />
    </div>
  );
}
