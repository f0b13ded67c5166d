import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

/** The keyboard hint and the character count. */
export function ComposerHelp({ id, used, limit }: { id: string; used: number; limit: number }): ReactNode {
  const { t } = useTranslation();
  const excess = used - limit;
  return (
    <div id={id} className="flex justify-between gap-4 px-2 pt-1.5 text-xs text-muted">
      <p className={excess > 0 ? "text-danger" : "pointer-coarse:invisible"}>
        {excess > 0 ? t("chat.overLimit", { count: excess }) : t("chat.keys")}
      </p>
      <p className={`shrink-0 tabular-nums ${excess > 0 ? "font-medium text-danger" : ""}`}>
        <span className="sr-only">{t("chat.counter", { used, limit })}</span>
        <span aria-hidden>
          {used} / {limit}
        </span>
      </p>
    </div>
  );
}
