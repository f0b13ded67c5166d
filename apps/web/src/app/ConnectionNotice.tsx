import { WifiOff } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "../lib/store.ts";
import { useAppServices } from "./app-services.ts";

/** Most interruptions are shorter than this, so the notice would only flicker. */
const delayMs = 1_000;

function useIsOffline(): boolean {
  const isLost = useStore(useAppServices().connection) === "lost";
  const [isDelayOver, setIsDelayOver] = useState(false);
  useEffect(() => {
    if (!isLost) return;
    const timer = setTimeout(() => setIsDelayOver(true), delayMs);
    return () => {
      clearTimeout(timer);
      setIsDelayOver(false);
    };
  }, [isLost]);
  return isLost && isDelayOver;
}

/** A banner for as long as the server cannot be reached. */
export function ConnectionNotice(): ReactNode {
  const { t } = useTranslation();
  const isOffline = useIsOffline();
  return (
    <div role="status">
      {isOffline && (
        <p className="flex items-center justify-center gap-2 bg-notice-soft px-4 py-2 text-sm">
          <WifiOff aria-hidden className="size-4 shrink-0" />
          {t("connection.lost")}
        </p>
      )}
    </div>
  );
}
