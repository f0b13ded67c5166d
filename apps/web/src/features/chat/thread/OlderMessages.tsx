import { LoaderCircle } from "lucide-react";
import { useEffect, useRef, type ReactNode, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../../ui/Button.tsx";
import { useOlderMessages } from "../messages/use-message-log.ts";

/** The next page is loaded at this distance from the top, so that scrolling does not have to wait. */
const prefetchDistancePx = 800;

interface OlderMessagesProps {
  dialogId: number;
  before: number | null;
  scroller: RefObject<HTMLElement | null>;
}

/** The top of the thread. Loads older messages when it gets near, until there are none. */
export function OlderMessages({ dialogId, before, scroller }: OlderMessagesProps): ReactNode {
  const { t } = useTranslation();
  const { mutate, isPending, error } = useOlderMessages(dialogId);
  const isError = error !== null;
  const mark = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (before === null || isPending || isError || mark.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && mutate(before),
      {
        root: scroller.current,
        rootMargin: `${prefetchDistancePx}px 0px 0px`,
      },
    );
    observer.observe(mark.current);
    return () => observer.disconnect();
  }, [before, isPending, isError, mutate, scroller]);
  if (before === null) return <p className="text-center text-xs text-muted">{t("chat.start")}</p>;
  return (
    <div ref={mark} className="flex min-h-10 items-center justify-center gap-3 text-sm text-muted">
      {isError ? (
        <>
          {t("chat.olderFailed")}
          <Button onClick={() => mutate(before)}>{t("chat.tryAgain")}</Button>
        </>
      ) : (
        <>
          <LoaderCircle aria-hidden className="size-4 animate-spin" />
          {t("chat.older")}
        </>
      )}
    </div>
  );
}
