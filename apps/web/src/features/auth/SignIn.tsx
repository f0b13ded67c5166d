import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { LanguageChoice } from "../../ui/LanguageChoice.tsx";
import { Logo } from "../../ui/Logo.tsx";
import { SignInMethod } from "./SignInMethod.tsx";

/** Sign-in with Google, or with any name on a development server. */
export function SignIn({ hasEnded }: { hasEnded: boolean }): ReactNode {
  const { t } = useTranslation();
  return (
    <main className="flex min-h-full flex-col items-center bg-side px-4 py-8">
      <div className="my-auto flex w-full max-w-sm flex-col gap-5 rounded-2xl border border-line bg-raised p-6 shadow-sm sm:p-8">
        <Logo className="size-12" />
        <div className="flex flex-col gap-1">
          <h1 className="text-2xl font-semibold">{t("auth.title")}</h1>
          <p className="text-muted">{t("auth.lead")}</p>
        </div>
        {hasEnded && (
          <p role="status" className="rounded-lg bg-notice-soft px-3 py-2 text-sm">
            {t("auth.ended")}
          </p>
        )}
        <SignInMethod />
      </div>
      <footer className="mt-6 w-full max-w-sm">
        <LanguageChoice />
      </footer>
    </main>
  );
}
