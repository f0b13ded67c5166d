import type { Locale } from "@deepbot/contract";
import { isLocale, preferredLocale } from "../i18n/languages.ts";
import type { TextStorage } from "../lib/storage.ts";
import { createStore, type Store } from "../lib/store.ts";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

/** Choices that belong to this device, not to the account. */
export interface Preferences {
  theme: Store<Theme>;
  language: Store<Locale>;
  /** Stores the choices again. Signing out makes the browser clear the storage (`Clear-Site-Data`). */
  keep: () => void;
}

function isTheme(text: string | null): text is Theme {
  return themes.some((theme) => theme === text);
}

/** Reads the choices from the storage. Until a language is chosen, the browser's applies. */
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
    language: choice<Locale>("language", isLocale(language) ? language : null, preferredLocale(browserLanguages)),
    keep: () => chosen.forEach((value, name) => storage.write(name, value)),
  };
}

/** Applies a theme. The system's theme is what the style sheet does without the attribute. */
export function showTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
