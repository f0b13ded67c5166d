import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, type ReactNode } from "react";
import { Route, Switch } from "wouter";
import { ConfigContext } from "../api/config.ts";
import { useTRPC } from "../api/trpc.ts";
import { SignIn } from "../features/auth/SignIn.tsx";
import { UserContext, useSession, type Session } from "../features/auth/use-session.ts";
import { ChatPage } from "../features/chat/ChatPage.tsx";
import { WelcomePage } from "../features/dialogs/WelcomePage.tsx";
import { Splash } from "../ui/Splash.tsx";
import { ConnectionNotice } from "./ConnectionNotice.tsx";
import { ErrorBoundary } from "./ErrorBoundary.tsx";
import { Frame } from "./Frame.tsx";
import { NotFound } from "./NotFound.tsx";
import { parseDialogId, routes } from "./routes.ts";
import { useConnectionProbe } from "./use-connection-probe.ts";

const SettingsPage = lazy(async () => ({
  default: (await import("../features/account/SettingsPage.tsx")).SettingsPage,
}));

function Pages(): ReactNode {
  return (
    <Switch>
      <Route path={routes.home} component={WelcomePage} />
      <Route path={routes.dialog}>
        {({ dialogId: text }) => {
          const dialogId = parseDialogId(text);
          return dialogId === null ? <NotFound /> : <ChatPage key={dialogId} dialogId={dialogId} />;
        }}
      </Route>
      <Route path={routes.settings} component={SettingsPage} />
      <Route component={NotFound} />
    </Switch>
  );
}

function Content(): ReactNode {
  const session = useSession();
  const { data: config } = useQuery(useTRPC().config.get.queryOptions());
  if (config === undefined) return <Splash />;
  return (
    <ConfigContext value={config}>
      <SessionContent session={session} />
    </ConfigContext>
  );
}

function SessionContent({ session }: { session: Session }): ReactNode {
  switch (session.state) {
    case "loading":
      return <Splash />;
    case "signed_out":
      return <SignIn hasEnded={session.hasEnded} />;
    case "signed_in":
      return (
        <UserContext value={session.user}>
          <Frame>
            <Suspense fallback={<Splash />}>
              <Pages />
            </Suspense>
          </Frame>
        </UserContext>
      );
  }
}

export function App(): ReactNode {
  useConnectionProbe();
  return (
    <ErrorBoundary>
      <div className="flex h-full flex-col">
        <ConnectionNotice />
        <div className="min-h-0 grow">
          <Content />
        </div>
      </div>
    </ErrorBoundary>
  );
}
