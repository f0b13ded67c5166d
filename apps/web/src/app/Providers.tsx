import { CSPProvider } from "@base-ui/react/csp-provider";
import { Toast } from "@base-ui/react/toast";
import { Tooltip } from "@base-ui/react/tooltip";
import { QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { TRPCProvider } from "../api/trpc.ts";
import { Toasts } from "../ui/Toasts.tsx";
import { AppServicesContext, type AppServices } from "./app-services.ts";

/** The content security policy forbids style elements, so Base UI must not add any; styles.css has what they would do. */
export function Providers({ appServices, children }: { appServices: AppServices; children: ReactNode }): ReactNode {
  const { client, queryClient } = appServices;
  return (
    <AppServicesContext value={appServices}>
      <QueryClientProvider client={queryClient}>
        <TRPCProvider trpcClient={client} queryClient={queryClient}>
          <CSPProvider disableStyleElements>
            <Tooltip.Provider>
              <Toast.Provider>
                {children}
                <Toasts />
              </Toast.Provider>
            </Tooltip.Provider>
          </CSPProvider>
        </TRPCProvider>
      </QueryClientProvider>
    </AppServicesContext>
  );
}
