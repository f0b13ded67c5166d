import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "../../../api/error-message.ts";
import { useAppServices } from "../../../app/app-services.ts";
import { Button } from "../../../ui/Button.tsx";
import { useUser } from "../../auth/use-session.ts";
import { useComposerFocus } from "../composer/focus.ts";
import type { DraftKey } from "../unsent/drafts.ts";
import type { Unsent } from "../unsent/outbox.ts";
import { QuestionText } from "./QuestionText.tsx";

/** A message that the server does not have yet, and the reason. */
export function UnsentMessage({ dialogId, unsent }: { dialogId: number; unsent: Unsent }): ReactNode {
  const { t } = useTranslation();
  const { outbox } = useAppServices();
  const focusComposer = useComposerFocus();
  const key = { userId: useUser().id, dialogId };
  const choose = (action: (key: DraftKey) => void): void => {
    focusComposer();
    action(key);
  };
  return (
    <li className="flex flex-col gap-2">
      <QuestionText text={unsent.text} />
      {unsent.phase === "refused" ? (
        <div className="flex flex-col items-end gap-2">
          <p role="alert" className="text-sm text-danger">
            {errorMessage(unsent.error, t)}
          </p>
          <div className="flex gap-2">
            <Button onClick={() => choose(outbox.discard)}>{t("chat.discard")}</Button>
            <Button onClick={() => choose(outbox.resume)}>{t("chat.sendAgain")}</Button>
          </div>
        </div>
      ) : (
        <p role="status" className="text-right text-xs text-muted">
          {unsent.phase === "sending" ? t("chat.sending") : t("chat.waitingToSend")}
        </p>
      )}
    </li>
  );
}
