import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "../../api/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/Button.tsx";
import { useUser } from "../auth/use-session.ts";
import { useComposerFocus } from "./composer-focus.ts";
import type { TextKey } from "./kept-texts.ts";
import type { Unsent } from "./model/outbox.ts";
import { QuestionText } from "./QuestionText.tsx";

/** A message that the platform does not have yet, and why. */
export function UnsentMessage({ dialogId, unsent }: { dialogId: number; unsent: Unsent }): ReactNode {
  const { t } = useTranslation();
  const { outbox } = useServices();
  const focusComposer = useComposerFocus();
  const key = { userId: useUser().id, dialogId };
  const settle = (act: (key: TextKey) => void): void => {
    focusComposer();
    act(key);
  };
  return (
    <li className="flex flex-col gap-2">
      <QuestionText text={unsent.text} />
      {unsent.phase === "refused" ? (
        <div className="flex flex-col items-end gap-2">
          <p role="alert" className="text-sm text-danger">
            {errorText(unsent.fault, t)}
          </p>
          <div className="flex gap-2">
            <Button onClick={() => settle(outbox.discard)}>{t("chat.discard")}</Button>
            <Button onClick={() => settle(outbox.resume)}>{t("chat.sendAgain")}</Button>
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
