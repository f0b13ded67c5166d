import { ArrowUp, Square } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../../../ui/IconButton.tsx";

interface ComposerButtonProps {
  /** A run is open: the button stops it. */
  isAnswering: boolean;
  isStopping: boolean;
  canSend: boolean;
  stop: () => void;
  submit: () => void;
}

/** Send or Stop. It is one button, so that it keeps the focus when its meaning changes. */
export function ComposerButton({ isAnswering, isStopping, canSend, stop, submit }: ComposerButtonProps): ReactNode {
  const { t } = useTranslation();
  const stopLabel = isStopping ? t("chat.stopping") : t("chat.stop");
  return (
    <IconButton
      label={isAnswering ? stopLabel : t("chat.send")}
      side="top"
      disabled={!isAnswering && !canSend}
      aria-busy={isStopping}
      onClick={isAnswering ? stop : submit}
      variant="primary"
    >
      {isAnswering ? (
        <Square aria-hidden className={`size-4 fill-current ${isStopping ? "animate-pulse" : ""}`} />
      ) : (
        <ArrowUp aria-hidden className="size-5" />
      )}
    </IconButton>
  );
}
