import { failureOf } from "@deepbot/client";
import { useCallback, useEffect, useRef, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "../../api/error-message.ts";
import { PageHeader } from "../../app/PageHeader.tsx";
import { urls } from "../../app/routes.ts";
import { useAppServices } from "../../app/app-services.ts";
import { useStore } from "../../lib/store.ts";
import { ButtonLink } from "../../ui/ButtonLink.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Splash } from "../../ui/Splash.tsx";
import { useUser } from "../auth/use-session.ts";
import { useDialogs } from "../dialogs/use-dialogs.ts";
import { ComposerFocusContext } from "./composer/focus.ts";
import { Composer } from "./composer/Composer.tsx";
import { findOpenQuestion, type MessageLog } from "./messages/message-log.ts";
import { Thread } from "./thread/Thread.tsx";
import { useMessageLog } from "./messages/use-message-log.ts";

function Unavailable({ error }: { error: unknown }): ReactNode {
  const { t } = useTranslation();
  const isNotFound = failureOf(error).code === "dialog_not_found";
  return (
    <>
      <PageHeader title="Deepbot" />
      <EmptyState title={isNotFound ? t("dialogs.notFound") : errorMessage(error, t)}>
        <ButtonLink href={urls.home()}>{t("app.toStart")}</ButtonLink>
      </EmptyState>
    </>
  );
}

function Conversation({ dialogId, name, log }: { dialogId: number; name: string; log: MessageLog }): ReactNode {
  const { id: userId } = useUser();
  const { outbox } = useAppServices();
  const unsent = useStore(outbox.unsent({ userId, dialogId }));
  const openRun = findOpenQuestion(log)?.run ?? null;
  useEffect(() => {
    const leftover = outbox.unsent({ userId, dialogId }).get();
    if (leftover?.phase === "waiting") outbox.resume({ userId, dialogId });
  }, [outbox, userId, dialogId]);
  const input = useRef<HTMLTextAreaElement>(null);
  const focusComposer = useCallback(() => input.current?.focus(), []);
  return (
    <ComposerFocusContext value={focusComposer}>
      <Thread dialogId={dialogId} name={name} log={log} unsent={unsent} />
      <Composer
        input={input}
        draftKey={{ userId, dialogId }}
        openRunId={openRun?.run_id ?? null}
        isSending={unsent !== null}
      />
    </ComposerFocusContext>
  );
}

export function ChatPage({ dialogId }: { dialogId: number }): ReactNode {
  const name = useDialogs()?.find((dialog) => dialog.dialogId === dialogId)?.name ?? "";
  const { data: log, error } = useMessageLog(dialogId);
  const isNotFound = error !== null && failureOf(error).kind === "refused";
  useEffect(() => {
    document.title = name === "" ? "Deepbot" : `${name} · Deepbot`;
    return () => {
      document.title = "Deepbot";
    };
  }, [name]);
  if (isNotFound || (error !== null && log === undefined)) return <Unavailable error={error} />;
  return (
    <>
      <PageHeader title={name} />
      {log === undefined ? <Splash /> : <Conversation dialogId={dialogId} name={name} log={log} />}
    </>
  );
}
