import { useMutation, useQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Outputs } from "@deepbot/api";
import { errorMessage } from "../../api/error-message.ts";
import { useTRPC } from "../../api/trpc.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { useToast } from "../../ui/use-toast.ts";
import { NewToken } from "./NewToken.tsx";
import { Section } from "./Section.tsx";

type Token = Outputs["tokens"]["list"]["tokens"][number];

/** With the year: a token may live for years. */
const dateFormat = { day: "numeric", month: "short", year: "numeric" } as const;

function useTokenTimes({ created_at, expires_at, last_used_at }: Token): string[] {
  const { t, i18n } = useTranslation();
  const format = new Intl.DateTimeFormat(i18n.language, dateFormat);
  const when = (time: string): string => format.format(new Date(time));
  return [
    last_used_at === null ? t("tokens.neverUsed") : t("tokens.usedAt", { when: when(last_used_at) }),
    t("tokens.madeAt", { when: when(created_at) }),
    expires_at === null ? t("tokens.neverExpires") : t("tokens.expiresAt", { when: when(expires_at) }),
  ];
}

function EndToken({ token: { token_id, name } }: { token: Token }): ReactNode {
  const { t } = useTranslation();
  const toast = useToast();
  const [isAsking, setIsAsking] = useState(false);
  const { mutate, isPending, error } = useMutation(
    useTRPC().tokens.end.mutationOptions({ onSuccess: () => toast(t("tokens.ended")) }),
  );
  return (
    <>
      <Button aria-label={t("tokens.endLabel", { name })} onClick={() => setIsAsking(true)}>
        {t("tokens.end")}
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
        title={t("tokens.endTitle", { name })}
        text={t("tokens.endText")}
        action={t("tokens.end")}
        onConfirm={() => mutate({ token_id })}
        busy={isPending}
        error={error === null ? undefined : errorMessage(error, t)}
      />
    </>
  );
}

function TokenRow({ token }: { token: Token }): ReactNode {
  const times = useTokenTimes(token);
  return (
    <li className="flex items-center gap-3 px-4 py-3">
      <KeyRound aria-hidden className="size-5 shrink-0 text-muted" />
      <div className="min-w-0 grow">
        <p className="truncate font-medium">{token.name}</p>
        <p className="text-xs text-muted">
          <code>{token.prefix}…</code>
        </p>
        <p className="text-xs text-muted">{times.join(" · ")}</p>
      </div>
      <EndToken token={token} />
    </li>
  );
}

/** The tokens with which the person's own programs sign in. */
export function TokensSection(): ReactNode {
  const { t } = useTranslation();
  const { data, error } = useQuery(useTRPC().tokens.list.queryOptions());
  return (
    <Section title={t("tokens.title")} hint={t("tokens.hint")}>
      {error !== null && data === undefined && <p className="text-sm text-danger">{errorMessage(error, t)}</p>}
      {data !== undefined && data.tokens.length > 0 && (
        <ul className="divide-y divide-line rounded-xl border border-line">
          {data.tokens.map((token) => (
            <TokenRow key={token.token_id} token={token} />
          ))}
        </ul>
      )}
      <NewToken />
    </Section>
  );
}
