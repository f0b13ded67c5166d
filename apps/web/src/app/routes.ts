/** Patterns for the router. None may start like a path of the REST API, which has the same origin. */
export const routes = { home: "/", dialog: "/chat/:dialogId", settings: "/settings" } as const;

/** Builds every address; no other file spells one out. */
export const urls = {
  home: (): string => routes.home,
  dialog: (dialogId: number): string => `/chat/${dialogId}`,
  settings: (): string => routes.settings,
};

/** The dialog id in an address, or null if it cannot be one. */
export function parseDialogId(text: string | undefined): number | null {
  return text !== undefined && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : null;
}
