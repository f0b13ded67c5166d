import { locales } from "@deepbot/contract";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useAppServices } from "../app/app-services.ts";
import { languageNames } from "../i18n/languages.ts";
import { useStore } from "../lib/store.ts";
import { Choice } from "./Choice.tsx";

const options = locales.map((locale) => ({ value: locale, label: languageNames[locale], lang: locale }));

export function LanguageChoice(): ReactNode {
  const { t } = useTranslation();
  const { language } = useAppServices().preferences;
  return <Choice label={t("settings.language")} value={useStore(language)} options={options} onChange={language.set} />;
}
