import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { themes } from "../../app/preferences.ts";
import { useAppServices } from "../../app/app-services.ts";
import { useStore } from "../../lib/store.ts";
import { Choice } from "../../ui/Choice.tsx";
import { LanguageChoice } from "../../ui/LanguageChoice.tsx";
import { Section } from "./Section.tsx";

/** The label is hidden from screen readers because the choice is already labelled for them. */
function Labelled({ label, children }: { label: string; children: ReactNode }): ReactNode {
  return (
    <div className="flex flex-col gap-1.5">
      <p aria-hidden className="text-sm text-muted">
        {label}
      </p>
      {children}
    </div>
  );
}

export function AppearanceSection(): ReactNode {
  const { t } = useTranslation();
  const { theme } = useAppServices().preferences;
  const options = themes.map((value) => ({ value, label: t(`settings.themes.${value}`) }));
  return (
    <Section title={t("settings.appearance")}>
      <Labelled label={t("settings.theme")}>
        <Choice label={t("settings.theme")} value={useStore(theme)} options={options} onChange={theme.set} />
      </Labelled>
      <Labelled label={t("settings.language")}>
        <LanguageChoice />
      </Labelled>
    </Section>
  );
}
