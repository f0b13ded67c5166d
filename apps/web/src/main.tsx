import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { I18nextProvider } from "react-i18next";
import { App } from "./app/App.tsx";
import { createAppServices } from "./app/create-app-services.ts";
import { Providers } from "./app/Providers.tsx";
import { showTheme } from "./app/preferences.ts";
import type { AppServices } from "./app/app-services.ts";
import { startI18n, switchLanguage } from "./i18n/start-i18n.ts";
import "./app/styles.css";

/** Requests the first screen's data while its translations are still loading. */
function prefetchFirstScreen({ client, queryClient }: AppServices): void {
  const trpc = createTRPCOptionsProxy({ client, queryClient });
  void queryClient.prefetchQuery(trpc.auth.me.queryOptions());
  void queryClient.prefetchQuery(trpc.config.get.queryOptions());
}

async function main(): Promise<void> {
  const appServices = createAppServices();
  const { theme, language } = appServices.preferences;
  showTheme(theme.get());
  theme.subscribe(() => showTheme(theme.get()));
  prefetchFirstScreen(appServices);
  const i18n = await startI18n(language.get());
  language.subscribe(() => void switchLanguage(i18n, language.get()));
  const root = document.querySelector("#root");
  if (root === null) throw new Error("The page has no root.");
  createRoot(root).render(
    <StrictMode>
      <I18nextProvider i18n={i18n}>
        <Providers appServices={appServices}>
          <App />
        </Providers>
      </I18nextProvider>
    </StrictMode>,
  );
}

await main();
