import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { limits } from "@deepbot/contract";
import { errorMessage } from "../../api/error-message.ts";
import { useTRPC } from "../../api/trpc.ts";
import { Button } from "../../ui/Button.tsx";
import { Choice } from "../../ui/Choice.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { TextField } from "../../ui/TextField.tsx";
import { SignInAgain, wantsSignIn } from "./SignInAgain.tsx";

const lives = ["30", "365", "never"] as const;
type Life = (typeof lives)[number];

/** The one time that a token is shown. */
function MadeToken({ token, onDone }: { token: string; onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  return (
    <div role="group" aria-label={t("tokens.made")} className="flex flex-col gap-3 rounded-xl border border-line p-4">
      <p role="status" className="text-sm">
        {t("tokens.madeHint")}
      </p>
      <div className="flex items-center gap-2">
        <code className="min-w-0 grow rounded-lg border border-line px-3 py-2 text-sm wrap-anywhere">{token}</code>
        <CopyButton label={t("tokens.copy")} text={token} />
      </div>
      <div>
        <Button onClick={onDone}>{t("tokens.done")}</Button>
      </div>
    </div>
  );
}

function LifeChoice({ value, onChange }: { value: Life; onChange: (life: Life) => void }): ReactNode {
  const { t } = useTranslation();
  const options = lives.map((life) => ({ value: life, label: t(`tokens.lives.${life}`) }));
  return <Choice label={t("tokens.life")} value={value} options={options} onChange={onChange} />;
}

export function NewToken(): ReactNode {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const [life, setLife] = useState<Life>("30");
  const { mutate, data, isPending, error, reset } = useMutation(
    useTRPC().tokens.create.mutationOptions({ onSuccess: () => setName("") }),
  );
  if (data !== undefined) return <MadeToken token={data.token} onDone={reset} />;
  const trimmed = name.trim();
  return (
    <form
      className="flex max-w-sm flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        const days = life === "never" ? null : Number(life);
        if (trimmed !== "" && !isPending) mutate({ name: trimmed, expires_in_days: days });
      }}
    >
      <TextField
        label={t("tokens.name")}
        placeholder={t("tokens.namePlaceholder")}
        maxLength={limits.keyNameMax}
        value={name}
        onValueChange={setName}
        error={error === null || wantsSignIn(error) ? undefined : errorMessage(error, t)}
      />
      <LifeChoice value={life} onChange={setLife} />
      <div>
        <Button type="submit" busy={isPending} disabled={trimmed === ""}>
          {t("tokens.create")}
        </Button>
      </div>
      {wantsSignIn(error) && <SignInAgain onSignedIn={reset} />}
    </form>
  );
}
