import { ArrowUp, Square } from "lucide-react";
import { useRef, type KeyboardEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useConfig } from "../../api/config.ts";
import { useServices } from "../../app/services.ts";
import { codePointLength } from "../../lib/code-points.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import type { TextKey } from "./kept-texts.ts";
import { useDraft } from "./use-draft.ts";
import { useStop } from "./use-stop.ts";

interface ComposerProps {
  textKey: TextKey;
  /** The run that is being answered, if one is. */
  openRunId: number | null;
  /** A message is on its way. */
  isSending: boolean;
}

const primaryButton = "bg-accent text-on-accent hover:bg-accent-strong hover:text-on-accent";

function useSend(textKey: TextKey, draft: { text: string; clear: () => void }): () => void {
  const { outbox } = useServices();
  return () => {
    outbox.send(textKey, draft.text);
    draft.clear();
  };
}

/** Where a message is written. One can go on writing while an answer comes. */
export function Composer({ textKey, openRunId, isSending }: ComposerProps): ReactNode {
  const { t } = useTranslation();
  const { question_max: limit } = useConfig();
  const [text, setText] = useDraft(textKey);
  const { stop, isStopping } = useStop(openRunId);
  const send = useSend(textKey, { text, clear: () => setText("") });
  const input = useRef<HTMLTextAreaElement>(null);
  const excess = codePointLength(text) - limit;
  const isBusy = openRunId !== null || isSending;
  const canSend = !isBusy && excess <= 0 && text.trim() !== "";
  const submit = (): void => {
    if (canSend) send();
    input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && openRunId !== null) stop();
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };
  return (
    <form
      className="mx-auto w-full max-w-3xl px-4 pb-3"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div className="flex items-end gap-2 rounded-2xl border border-field bg-raised p-1.5 pl-4 focus-within:outline-2 focus-within:outline-accent">
        <textarea
          ref={input}
          aria-label={t("chat.message")}
          aria-describedby="composer-help"
          aria-invalid={excess > 0}
          placeholder={t("chat.placeholder")}
          rows={1}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          className="field-sizing-content max-h-48 min-h-10 grow resize-none py-2 outline-none placeholder:text-muted"
        />
        {openRunId === null ? (
          <IconButton type="submit" label={t("chat.send")} side="top" disabled={!canSend} className={primaryButton}>
            <ArrowUp aria-hidden className="size-5" />
          </IconButton>
        ) : (
          <IconButton
            label={isStopping ? t("chat.stopping") : t("chat.stop")}
            side="top"
            aria-busy={isStopping}
            onClick={stop}
            className={primaryButton}
          >
            <Square aria-hidden className={`size-4 fill-current ${isStopping ? "animate-pulse" : ""}`} />
          </IconButton>
        )}
      </div>
      <ComposerHelp used={limit + excess} limit={limit} />
    </form>
  );
}

function ComposerHelp({ used, limit }: { used: number; limit: number }): ReactNode {
  const { t } = useTranslation();
  const excess = used - limit;
  return (
    <p id="composer-help" className="flex justify-between gap-4 px-2 pt-1.5 text-xs text-muted">
      <span className={excess > 0 ? "text-danger" : ""}>
        {excess > 0 ? t("chat.overLimit", { count: excess }) : t("chat.keys")}
      </span>
      <span className={`shrink-0 tabular-nums ${excess > 0 ? "font-medium text-danger" : ""}`}>
        <span className="sr-only">{t("chat.counter", { used, limit })}</span>
        <span aria-hidden>
          {used} / {limit}
        </span>
      </span>
    </p>
  );
}
