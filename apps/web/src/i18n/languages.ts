import { defaultLocale, locales, type Locale } from "@deepbot/contract";

/** The name of each language in that language. */
export const languageNames: Readonly<Record<Locale, string>> = { en: "English", ru: "Русский" };

export function isLocale(text: string | null): text is Locale {
  return locales.some((locale) => locale === text);
}

/** The first of the browser's languages that the pages support, otherwise English. */
export function preferredLocale(browserLanguages: readonly string[]): Locale {
  return browserLanguages.map((tag) => tag.split("-")[0] ?? "").find(isLocale) ?? defaultLocale;
}
