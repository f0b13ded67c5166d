import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { EmptyState } from "../ui/EmptyState.tsx";
import { ButtonLink } from "../ui/ButtonLink.tsx";
import { PageHeader } from "./PageHeader.tsx";
import { urls } from "./routes.ts";

export function NotFound(): ReactNode {
  const { t } = useTranslation();
  return (
    <>
      <PageHeader title="Deepbot" />
      <EmptyState title={t("app.notFound")}>
        <ButtonLink href={urls.home()}>{t("app.toStart")}</ButtonLink>
      </EmptyState>
    </>
  );
}
