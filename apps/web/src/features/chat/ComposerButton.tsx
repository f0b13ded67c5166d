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
      variant="primary"
    >
      {isAwaited ? (
        <Square aria-hidden className={`size-4 fill-current ${isStopping ? "animate-pulse" : ""}`} />
      ) : (
        <ArrowUp aria-hidden className="size-5" />
      )}
    </IconButton>
  );
}
