import type { Locale } from "@deepbot/contract";
import { createInstance, type i18n } from "i18next";
import { initReactI18next } from "react-i18next";
import type { Catalogue } from "./en.ts";

/** Loaded on demand, so that a person downloads one language only. */
const catalogues: Readonly<Record<Locale, () => Promise<Catalogue>>> = {
  en: async () => (await import("./en.ts")).en,
  ru: async () => (await import("./ru.ts")).ru,
};

/** Starts with one language. Values are not escaped here because React does that. */
export async function startI18n(language: Locale): Promise<i18n> {
  const instance = createInstance();
  await instance.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: { [language]: { translation: await catalogues[language]() } },
    interpolation: { escapeValue: false },
  });
  document.documentElement.lang = language;
  return instance;
}

export async function switchLanguage(instance: i18n, language: Locale): Promise<void> {
  if (!instance.hasResourceBundle(language, "translation")) {
    instance.addResourceBundle(language, "translation", await catalogues[language]());
  }
  await instance.changeLanguage(language);
  document.documentElement.lang = language;
}
