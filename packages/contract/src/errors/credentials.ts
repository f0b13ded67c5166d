import type { ErrorEntry } from "./entry.ts";

/** What is refused about the rights of operators. */
export const credentialErrors = {
  operator_only: {
    status: 403,
    failure: "refused",
    text: { en: "Only operators may do this.", ru: "Это может делать только администратор." },
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
