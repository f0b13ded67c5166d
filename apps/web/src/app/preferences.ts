import { isLanguage, preferredLanguage, type Language } from "../i18n/languages.ts";
import type { TextStorage } from "../lib/storage.ts";
import { createStore, type Store } from "../lib/store.ts";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

/** What a person has chosen on this device. */
export interface Preferences {
  theme: Store<Theme>;
  language: Store<Language>;
  /** Writes the choices down again, after a sign-out has cleared the storage. */
  keep: () => void;
}

function isTheme(text: string | null): text is Theme {
  return themes.some((theme) => theme === text);
}

/** Read from the storage. The language, as long as none was chosen, is the browser's. */
export function createPreferences(storage: TextStorage, browserLanguages: readonly string[]): Preferences {
  const chosen = new Map<string, string>();
  const choice = <Value extends string>(name: string, stored: Value | null, otherwise: Value): Store<Value> => {
    const store = createStore<Value>(stored ?? otherwise);
    if (stored !== null) chosen.set(name, stored);
    store.subscribe(() => {
      chosen.set(name, store.get());
      storage.write(name, store.get());
    });
    return store;
  };
  const theme = storage.read("theme");
  const language = storage.read("language");
  return {
    theme: choice<Theme>("theme", isTheme(theme) ? theme : null, "system"),
    language: choice<Language>("language", isLanguage(language) ? language : null, preferredLanguage(browserLanguages)),
    keep: () => chosen.forEach((value, name) => storage.write(name, value)),
  };
}

/** Shows a theme. That of the system needs no mark. */
export function showTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
