import { ArrowLeft } from "lucide-react";
import { useEffect, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { PageHeader } from "../../app/PageHeader.tsx";
import { urls } from "../../app/routes.ts";
import { ButtonLink } from "../../ui/ButtonLink.tsx";
import { AccountSection } from "./AccountSection.tsx";
import { AppearanceSection } from "./AppearanceSection.tsx";
import { DataSection } from "./DataSection.tsx";
import { DevicesSection } from "./DevicesSection.tsx";
import { TokensSection } from "./TokensSection.tsx";

export function SettingsPage(): ReactNode {
  const { t } = useTranslation();
  const title = t("settings.title");
  useEffect(() => {
    document.title = `${title} · Deepbot`;
    return () => {
      document.title = "Deepbot";
    };
  }, [title]);
  return (
    <>
      <PageHeader title={title} />
      <div className="min-h-0 grow overflow-y-auto">
        <div className="mx-auto flex max-w-2xl flex-col gap-10 px-4 py-8">
          <div>
            <ButtonLink href={urls.home()}>
              <ArrowLeft aria-hidden className="size-4" />
              {t("settings.back")}
            </ButtonLink>
          </div>
          <AppearanceSection />
          <DevicesSection />
          <TokensSection />
          <DataSection />
          <AccountSection />
        </div>
      </div>
    </>
  );
}
