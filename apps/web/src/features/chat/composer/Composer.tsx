import type { KeyboardEvent, ReactNode, RefObject } from "react";
import { useTranslation } from "react-i18next";
import { useConfig } from "../../../api/config.ts";
import { useAppServices } from "../../../app/app-services.ts";
import { codePointLength } from "@deepbot/contract";
import { ComposerButton } from "./ComposerButton.tsx";
import { ComposerHelp } from "./ComposerHelp.tsx";
import type { DraftKey } from "../unsent/drafts.ts";
import { useDraft } from "../unsent/use-draft.ts";
import { useStop } from "./use-stop.ts";

interface ComposerProps {
  input: RefObject<HTMLTextAreaElement | null>;
  draftKey: DraftKey;
  openRunId: number | null;
  /** A message of this dialog is still in the outbox. */
  isSending: boolean;
}

/** On a touch screen, focus would open the keyboard over the dialog. */
const hasKeyboard = (): boolean => matchMedia("(pointer: fine)").matches;

/** The message field. It stays usable while an answer is streaming. */
export function Composer({ input, draftKey, openRunId, isSending }: ComposerProps): ReactNode {
  const { t } = useTranslation();
  const { outbox } = useAppServices();
  const { question_max: limit } = useConfig();
  const [text, setText] = useDraft(draftKey);
  const { stop, isStopping } = useStop(openRunId);
  const used = codePointLength(text);
  const canSend = openRunId === null && !isSending && used <= limit && text.trim() !== "";
  const submit = (): void => {
    input.current?.focus();
    if (!canSend) return;
    outbox.send(draftKey, text);
    setText("");
  };
  const stopAndStay = (): void => {
    input.current?.focus();
    stop();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && openRunId !== null) stop();
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };
  return (
    <div className="mx-auto w-full max-w-3xl px-4 pb-3">
      <div className="flex items-end gap-2 rounded-2xl border border-field bg-raised p-1.5 pl-4 focus-within:outline-2 focus-within:outline-accent">
        <textarea
          ref={input}
          aria-label={t("chat.message")}
          aria-describedby="composer-help"
          aria-invalid={used > limit}
          placeholder={t("chat.placeholder")}
          rows={1}
          autoFocus={hasKeyboard()}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          className="field-sizing-content max-h-48 min-h-10 grow resize-none py-2 outline-none placeholder:text-muted"
        />
        <ComposerButton isAnswering={openRunId !== null} {...{ isStopping, canSend, submit }} stop={stopAndStay} />
      </div>
      <ComposerHelp id="composer-help" used={used} limit={limit} />
    </div>
  );
}
