import { CSPProvider } from "@base-ui/react/csp-provider";
import { Toast } from "@base-ui/react/toast";
import { Tooltip } from "@base-ui/react/tooltip";
import { QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { TRPCProvider } from "../api/trpc.ts";
import { Toasts } from "../ui/Toasts.tsx";
import { ServicesContext, type Services } from "./services.ts";

/** Style elements would break the page's content security policy; what the library styles by them is in our sheet. */
export function Providers({ services, children }: { services: Services; children: ReactNode }): ReactNode {
  const { client, queryClient } = services;
  return (
    <ServicesContext value={services}>
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
    </ServicesContext>
  );
}
