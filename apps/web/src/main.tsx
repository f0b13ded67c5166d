import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { I18nextProvider } from "react-i18next";
import { App } from "./app/App.tsx";
import { createServices } from "./app/create-services.ts";
import { Providers } from "./app/Providers.tsx";
import { showTheme } from "./app/preferences.ts";
import { startI18n, switchLanguage } from "./i18n/start-i18n.ts";
import "./app/styles.css";

async function main(): Promise<void> {
  const services = createServices();
  const { theme, language } = services.preferences;
  showTheme(theme.get());
  theme.subscribe(() => showTheme(theme.get()));
  const i18n = await startI18n(language.get());
  language.subscribe(() => void switchLanguage(i18n, language.get()));
  const root = document.querySelector("#root");
  if (root === null) throw new Error("The page has no root.");
  createRoot(root).render(
    <StrictMode>
      <I18nextProvider i18n={i18n}>
        <Providers services={services}>
          <App />
        </Providers>
      </I18nextProvider>
    </StrictMode>,
  );
}

await main();
