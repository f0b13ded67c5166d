import type { LiveRun } from "@deepbot/client";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { MessageRun } from "../messages/message-log.ts";

interface RunProgressProps {
  run: MessageRun;
  live: LiveRun | null;
  isInterrupted: boolean;
}

/** The state of an open run. */
export function RunProgress({ run, live, isInterrupted }: RunProgressProps): ReactNode {
  const { t } = useTranslation();
  const isQueued = (live?.state ?? run.state) === "queued";
  const waiting = live?.waiting ?? null;
  const text = ((): string => {
    if (isInterrupted) return t("chat.resuming");
    if (isQueued && waiting?.online === false) return t("chat.offline", { position: waiting.position });
    if (isQueued && waiting !== null) return t("chat.inLine", { position: waiting.position });
    if (isQueued) return t("chat.queued");
    if (live !== null && live.text !== "") return t("chat.answering");
    return live !== null && live.attempt > 1 ? t("chat.restarting") : t("chat.thinking");
  })();
  return (
    <p className="flex min-h-10 items-center gap-3 text-sm text-muted">
      <span aria-hidden className="flex gap-1">
        <span className="dot size-1.5 rounded-full bg-accent" />
        <span className="dot size-1.5 rounded-full bg-accent" />
        <span className="dot size-1.5 rounded-full bg-accent" />
      </span>
      {text}
    </p>
  );
}
