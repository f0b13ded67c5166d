import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { isOpen, type Message, type MessageRun } from "../messages/message-log.ts";
import { useRunText } from "../runs/use-run-text.ts";

/** Tells screen readers how a run ends. Silent about runs that had already ended when the page was opened. */
export function Announcer({ run, answer }: { run: MessageRun | null; answer: Message | undefined }): ReactNode {
  const { t } = useTranslation();
  const runText = useRunText();
  const [followedId, setFollowedId] = useState<number | null>(null);
  if (isOpen(run) && run.run_id !== followedId) setFollowedId(run.run_id);
  let announcement = "";
  if (run !== null && run.run_id === followedId) {
    if (run.state === "running") announcement = t("chat.announceThinking");
    else if (run.state === "completed" && answer !== undefined)
      announcement = t("chat.announceAnswer", { text: answer.content });
    else if (!isOpen(run)) announcement = runText(run);
  }
  return (
    <p role="status" className="sr-only">
      {announcement}
    </p>
  );
}
