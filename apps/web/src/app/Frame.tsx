import { Dialog } from "@base-ui/react/dialog";
import { useEffect, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { loadMarkdown } from "../features/chat/answer/load-markdown.ts";
import { backdropStyle } from "../ui/popup-style.ts";
import { MenuContext } from "./PageHeader.tsx";
import { Sidebar } from "./Sidebar.tsx";

function isInLink(target: EventTarget): boolean {
  return target instanceof Element && target.closest("a") !== null;
}

/**
 * The layout: the list of dialogs beside the page, or in a drawer on a narrow screen. The drawer closes when the
 * address changes, and on a click on any link, because a link to the current page does not change the address.
 */
export function Frame({ children }: { children: ReactNode }): ReactNode {
  const { t } = useTranslation();
  const [location] = useLocation();
  const [openedAt, setOpenedAt] = useState<string | null>(null);
  const setIsOpen = (isOpen: boolean): void => setOpenedAt(isOpen ? location : null);
  useEffect(() => {
    // After the first update: it must not stand in the way of what is to be seen first. If it fails, answers are plain text.
    const timer = setTimeout(() => void loadMarkdown().catch(() => {}));
    return () => clearTimeout(timer);
  }, []);
  return (
    <MenuContext value={() => setIsOpen(true)}>
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-50 focus:rounded-lg focus:bg-raised focus:px-3 focus:py-2"
      >
        {t("app.skipToChat")}
      </a>
      <div className="flex h-full">
        <aside className="hidden w-72 shrink-0 border-r border-line md:block">
          <Sidebar />
        </aside>
        <main id="content" tabIndex={-1} className="flex h-full min-w-0 grow flex-col outline-none">
          {children}
        </main>
      </div>
      <Dialog.Root open={openedAt === location} onOpenChange={setIsOpen}>
        <Dialog.Portal>
          <Dialog.Backdrop className={backdropStyle} />
          <Dialog.Popup
            className="fixed inset-y-0 left-0 z-40 w-[min(20rem,calc(100vw-3rem))] shadow-xl"
            onClick={({ target }) => isInLink(target) && setIsOpen(false)}
          >
            <Dialog.Title className="sr-only">{t("dialogs.title")}</Dialog.Title>
            <Sidebar onClose={() => setIsOpen(false)} />
          </Dialog.Popup>
        </Dialog.Portal>
      </Dialog.Root>
    </MenuContext>
  );
}
