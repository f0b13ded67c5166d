/** Patterns for the router. None of them begins like a path of the REST API: both are served under one origin. */
export const routes = { home: "/", dialog: "/chat/:dialogId", settings: "/settings" } as const;

/** Addresses are built here and typed nowhere. */
export const urls = {
  home: (): string => routes.home,
  dialog: (dialogId: number): string => `/chat/${dialogId}`,
  settings: (): string => routes.settings,
};

/** The id in an address; null for what can be none. */
export function parseDialogId(text: string | undefined): number | null {
  return text !== undefined && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : null;
}
