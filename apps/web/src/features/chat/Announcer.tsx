import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { isOpen, type Message, type MessageRun } from "./model/message-log.ts";
import { useRunText } from "./use-run-text.ts";

/** What a screen reader is told: how a question went, once it is over, and nothing that was there before. */
export function Announcer({ run, answer }: { run: MessageRun | null; answer: Message | undefined }): ReactNode {
  const { t } = useTranslation();
  const runText = useRunText();
  const [awaited, setAwaited] = useState<number | null>(null);
  if (run !== null && isOpen(run) && run.run_id !== awaited) setAwaited(run.run_id);
  let news = "";
  if (run !== null && run.run_id === awaited) {
    if (run.state === "running") news = t("chat.announceThinking");
    else if (run.state === "completed" && answer !== undefined)
      news = t("chat.announceAnswer", { text: answer.content });
    else if (!isOpen(run)) news = runText(run);
  }
  return (
    <p role="status" className="sr-only">
      {news}
    </p>
  );
}
