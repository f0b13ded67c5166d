/** Languages in which the platform speaks to people; the first is the one for everybody else. */
export const locales = ["en", "ru"] as const;
export type Locale = (typeof locales)[number];
export const defaultLocale: Locale = "en";
