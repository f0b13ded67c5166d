import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { fetchDevToken } from "../../api/dev-token.ts";
import { useAppServices } from "../../app/app-services.ts";
import { Button } from "../../ui/Button.tsx";
import { TextField } from "../../ui/TextField.tsx";

/** Replaces Google's button in development. */
export function DevSignIn({ onToken, busy }: { onToken: (token: string) => void; busy: boolean }): ReactNode {
  const { t } = useTranslation();
  const { connection } = useAppServices();
  const [name, setName] = useState("");
  const { mutate, isPending, isError } = useMutation({
    mutationFn: (person: string) => fetchDevToken(connection, person),
    meta: { changesNothing: true },
    onSuccess: onToken,
  });
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        mutate(name.trim());
      }}
    >
      <TextField
        label={t("auth.devName")}
        hint={t("auth.devHint")}
        error={isError ? t("errors.unreachable") : undefined}
        autoFocus
        maxLength={60}
        value={name}
        onValueChange={setName}
      />
      <Button type="submit" variant="primary" busy={isPending || busy} disabled={name.trim() === ""}>
        {t("auth.devSubmit")}
      </Button>
    </form>
  );
}
