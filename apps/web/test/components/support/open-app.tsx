import { createRoot } from "react-dom/client";
import { I18nextProvider } from "react-i18next";
import { App } from "../../../src/app/App.tsx";
import { createAppServices } from "../../../src/app/create-app-services.ts";
import { Providers } from "../../../src/app/Providers.tsx";
import { startI18n, switchLanguage } from "../../../src/i18n/start-i18n.ts";
import { urls } from "../../../src/app/routes.ts";

/** Closes the page that is open, if one is. */
export let closeApp = (): void => {};

/** Opens the pages as `main.tsx` does, with a cache and an outbox of their own. */
export async function openApp(path: string = urls.home()): Promise<void> {
  closeApp();
  history.replaceState(null, "", path);
  const appServices = createAppServices();
  const { language } = appServices.preferences;
  const i18n = await startI18n(language.get());
  language.subscribe(() => void switchLanguage(i18n, language.get()));
  const element = document.createElement("div");
  element.id = "root";
  document.body.append(element);
  const root = createRoot(element);
  root.render(
    <I18nextProvider i18n={i18n}>
      <Providers appServices={appServices}>
        <App />
      </Providers>
    </I18nextProvider>,
  );
  closeApp = () => {
    // In a browser, leaving the page ends its retries.
    appServices.outbox.clear();
    root.unmount();
    element.remove();
    appServices.queryClient.clear();
    closeApp = () => {};
  };
}

/** Opens the current address again: only what is in the browser's storage survives. */
export function reload(): Promise<void> {
  return openApp(location.pathname);
}
