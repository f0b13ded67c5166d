import { Component, type ReactNode } from "react";
import { Translation } from "react-i18next";
import { Button } from "../ui/Button.tsx";

/** Shown when a component throws: a sentence and a reload button. React supports error boundaries only as classes. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { crashed: boolean }> {
  override state = { crashed: false };

  static getDerivedStateFromError(): { crashed: boolean } {
    return { crashed: true };
  }

  override render(): ReactNode {
    if (!this.state.crashed) return this.props.children;
    return (
      <Translation>
        {(t) => (
          <main className="flex h-full flex-col items-center justify-center gap-4 p-6 text-center">
            <h1 className="text-lg font-semibold">{t("app.crashed")}</h1>
            <Button onClick={() => location.reload()}>{t("app.reload")}</Button>
          </main>
        )}
      </Translation>
    );
  }
}
