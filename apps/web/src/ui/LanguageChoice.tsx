import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../app/services.ts";
import { languageNames, languages } from "../i18n/languages.ts";
import { useStore } from "../lib/store.ts";
import { Choice } from "./Choice.tsx";

const options = languages.map((language) => ({ value: language, label: languageNames[language], lang: language }));

export function LanguageChoice(): ReactNode {
  const { t } = useTranslation();
  const { language } = useServices().preferences;
  return <Choice label={t("settings.language")} value={useStore(language)} options={options} onChange={language.set} />;
}
