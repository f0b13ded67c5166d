import { useTranslation } from "react-i18next";
import type { MessageRun } from "../messages/message-log.ts";

/** The sentence that says why a run has no answer; empty while it is open and after it completed. */
export function useRunText(): (run: MessageRun) => string {
  const { t } = useTranslation();
  return ({ state, reason }) => {
    switch (state) {
      case "failed":
        return reason ?? t("run.failed");
      case "expired":
        return t("run.expired");
      case "cancelled":
        return t("run.cancelled");
      case "queued":
      case "running":
      case "completed":
        return "";
    }
  };
}
