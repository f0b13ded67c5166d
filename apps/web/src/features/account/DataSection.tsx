import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "../../api/error-message.ts";
import { useTRPCClient } from "../../api/trpc.ts";
import { Button } from "../../ui/Button.tsx";
import { useToast } from "../../ui/use-toast.ts";
import { saveFile } from "./save-file.ts";
import { Section } from "./Section.tsx";
import { SignInAgain, wantsSignIn } from "./SignInAgain.tsx";

export function DataSection(): ReactNode {
  const { t } = useTranslation();
  const toast = useToast();
  const client = useTRPCClient();
  const { mutate, isPending, error, reset } = useMutation({
    meta: { changesNothing: true },
    mutationFn: () => client.account.export.query(),
    onSuccess: (data) => {
      saveFile("deepbot-export.json", JSON.stringify(data, null, 2));
      toast(t("settings.downloaded"));
    },
  });
  return (
    <Section title={t("settings.data")} hint={t("settings.dataHint")}>
      <div>
        <Button busy={isPending} onClick={() => mutate()}>
          <Download aria-hidden className="size-4" />
          {t("settings.download")}
        </Button>
      </div>
      {wantsSignIn(error) && <SignInAgain onSignedIn={reset} />}
      {error !== null && !wantsSignIn(error) && (
        <p role="alert" className="text-sm text-danger">
          {errorMessage(error, t)}
        </p>
      )}
    </Section>
  );
}
