import { WifiOff } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "../lib/store.ts";
import { useServices } from "./services.ts";

/** Most losses are over before anybody need hear of them. */
const patienceMs = 1_000;

function useLastingLoss(): boolean {
  const isLost = useStore(useServices().connection) === "lost";
  const [lasts, setLasts] = useState(false);
  useEffect(() => {
    if (!isLost) return;
    const timer = setTimeout(() => setLasts(true), patienceMs);
    return () => {
      clearTimeout(timer);
      setLasts(false);
    };
  }, [isLost]);
  return isLost && lasts;
}

/** Says that the platform is out of reach, for as long as it is. */
export function ConnectionNotice(): ReactNode {
  const { t } = useTranslation();
  const isLost = useLastingLoss();
  return (
    <div role="status">
      {isLost && (
        <p className="flex items-center justify-center gap-2 bg-notice-soft px-4 py-2 text-sm">
          <WifiOff aria-hidden className="size-4 shrink-0" />
          {t("connection.lost")}
        </p>
      )}
    </div>
  );
}
