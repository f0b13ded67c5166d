export const languages = ["en", "ru"] as const;
export type Language = (typeof languages)[number];

/** What a language calls itself. */
export const languageNames: Readonly<Record<Language, string>> = { en: "English", ru: "Русский" };

export function isLanguage(text: string | null): text is Language {
  return languages.some((language) => language === text);
}

/** The first language of the browser's list that we speak, else English. */
export function preferredLanguage(wanted: readonly string[]): Language {
  return wanted.map((tag) => tag.split("-")[0] ?? "").find(isLanguage) ?? "en";
}
