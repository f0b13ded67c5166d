import { createInstance, type i18n } from "i18next";
import { initReactI18next } from "react-i18next";
import type { Catalogue } from "./en.ts";
import type { Language } from "./languages.ts";

/** Only the catalogue that is read is fetched. */
const catalogues: Readonly<Record<Language, () => Promise<Catalogue>>> = {
  en: async () => (await import("./en.ts")).en,
  ru: async () => (await import("./ru.ts")).ru,
};

/** Starts with one language. React escapes what is put into texts, so the catalogue does not do it again. */
export async function startI18n(language: Language): Promise<i18n> {
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

export async function switchLanguage(instance: i18n, language: Language): Promise<void> {
  if (!instance.hasResourceBundle(language, "translation")) {
    instance.addResourceBundle(language, "translation", await catalogues[language]());
  }
  await instance.changeLanguage(language);
  document.documentElement.lang = language;
}
