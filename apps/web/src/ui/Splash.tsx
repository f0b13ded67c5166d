import { LoaderCircle } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

/** A spinner that appears after a delay, so that quick loads do not flicker. */
export function Splash(): ReactNode {
  const { t } = useTranslation();
  return (
    <div role="status" className="appear-late flex h-full items-center justify-center">
      <LoaderCircle aria-hidden className="size-6 animate-spin text-muted" />
      <span className="sr-only">{t("app.loading")}</span>
    </div>
  );
}
