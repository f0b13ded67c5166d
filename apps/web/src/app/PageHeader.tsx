import { Menu } from "lucide-react";
import { createContext, use, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../ui/IconButton.tsx";

/** Opens the drawer with the list of dialogs. */
export const MenuContext = createContext<() => void>(() => {});

/** The top bar of a page. On a narrow screen it has the button that opens the list of dialogs. */
export function PageHeader({ title, children }: { title: string; children?: ReactNode }): ReactNode {
  const { t } = useTranslation();
  const openMenu = use(MenuContext);
  return (
    <header className="flex h-14 shrink-0 items-center gap-2 border-b border-line px-2 md:px-6">
      <div className="md:hidden">
        <IconButton label={t("dialogs.open")} onClick={openMenu}>
          <Menu aria-hidden className="size-5" />
        </IconButton>
      </div>
      <h1 className="min-w-0 grow truncate font-semibold">{title}</h1>
      {children}
    </header>
  );
}
