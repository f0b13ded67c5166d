import { isLanguage, preferredLanguage, type Language } from "../i18n/languages.ts";
import type { TextStorage } from "../lib/storage.ts";
import { createStore, type Store } from "../lib/store.ts";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

/** What a person has chosen on this device. */
export interface Preferences {
  theme: Store<Theme>;
  language: Store<Language>;
  /** Writes them down again, after a sign-out has cleared the storage. */
  keep: () => void;
}

function isTheme(text: string | null): text is Theme {
  return themes.some((theme) => theme === text);
}

/** Read from the storage; the language, as long as none was chosen, from the browser. */
export function createPreferences(storage: TextStorage, browserLanguages: readonly string[]): Preferences {
  const storedTheme = storage.read("theme");
  const storedLanguage = storage.read("language");
  const theme = createStore<Theme>(isTheme(storedTheme) ? storedTheme : "system");
  const language = createStore<Language>(
    isLanguage(storedLanguage) ? storedLanguage : preferredLanguage(browserLanguages),
  );
  const keepTheme = (): void => storage.write("theme", theme.get());
  const keepLanguage = (): void => storage.write("language", language.get());
  theme.subscribe(keepTheme);
  language.subscribe(keepLanguage);
  return {
    theme,
    language,
    keep: () => {
      keepTheme();
      keepLanguage();
    },
  };
}

/** Shows a theme. That of the system needs no mark. */
export function showTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
