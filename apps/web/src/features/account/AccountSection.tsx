import { useMutation } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "../../api/error-message.ts";
import { useTRPC } from "../../api/trpc.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { TextField } from "../../ui/TextField.tsx";
import { useUser } from "../auth/use-session.ts";
import { useForgetPerson } from "../auth/use-sign-out.ts";
import { Section } from "./Section.tsx";
import { SignInAgain, wantsSignIn } from "./SignInAgain.tsx";

/** The person has to type their e-mail, so that no account is deleted by accident. */
function DeleteAccount(): ReactNode {
  const { t } = useTranslation();
  const { id, email } = useUser();
  const [isAsking, setIsAsking] = useState(false);
  const [typed, setTyped] = useState("");
  const forgetPerson = useForgetPerson();
  const close = (): void => {
    setTyped("");
    setIsAsking(false);
  };
  const { mutate, isPending, error, reset } = useMutation(
    useTRPC().account.delete.mutationOptions({
      onSuccess: forgetPerson,
      onError: (problem) => wantsSignIn(problem) && close(),
    }),
  );
  return (
    <div className="flex flex-col items-start gap-3">
      <Button variant="danger" onClick={() => setIsAsking(true)}>
        <Trash2 aria-hidden className="size-4" />
        {t("settings.delete")}
      </Button>
      {wantsSignIn(error) && <SignInAgain onSignedIn={reset} />}
      <ConfirmDialog
        isOpen={isAsking}
        onClose={close}
        title={t("settings.deleteTitle")}
        text={t("settings.deleteHint")}
        action={t("settings.deleteForGood")}
        onConfirm={() => mutate({ user_id: id })}
        busy={isPending}
        canConfirm={typed === email}
        error={error === null ? undefined : errorMessage(error, t)}
      >
        <TextField label={t("settings.deleteConfirm", { email })} value={typed} onValueChange={setTyped} />
      </ConfirmDialog>
    </div>
  );
}

export function AccountSection(): ReactNode {
  const { t } = useTranslation();
  const { email } = useUser();
  return (
    <Section title={t("settings.account")} hint={t("settings.signedInAs", { email })}>
      <p className="text-sm text-muted">{t("settings.deleteHint")}</p>
      <DeleteAccount />
    </Section>
  );
}
