import { ArrowUp, Square } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../../ui/IconButton.tsx";

interface ComposerButtonProps {
  /** An answer is being made: what there is to do is to stop it. */
  isAwaited: boolean;
  isStopping: boolean;
  canSend: boolean;
  stop: () => void;
  submit: () => void;
}

const style = "rounded-xl bg-accent text-on-accent hover:bg-accent-strong hover:text-on-accent";

/** Sends, or while an answer comes, stops it. One button in one place, so that the focus stays. */
export function ComposerButton({ isAwaited, isStopping, canSend, stop, submit }: ComposerButtonProps): ReactNode {
  const { t } = useTranslation();
  const stopLabel = isStopping ? t("chat.stopping") : t("chat.stop");
  return (
    <IconButton
      label={isAwaited ? stopLabel : t("chat.send")}
      side="top"
      disabled={!isAwaited && !canSend}
      aria-busy={isStopping}
      onClick={isAwaited ? stop : submit}
      className={style}
    >
      {isAwaited ? (
        <Square aria-hidden className={`size-4 fill-current ${isStopping ? "animate-pulse" : ""}`} />
      ) : (
        <ArrowUp aria-hidden className="size-5" />
      )}
    </IconButton>
  );
}
