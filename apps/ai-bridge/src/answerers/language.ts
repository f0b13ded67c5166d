/** Languages in which the bridge itself speaks to people. */
export type Language = "en" | "ru";

/** The language of the newest text that has letters; English when none has. */
export function languageOf(texts: readonly string[]): Language {
  const newest = texts.findLast((text) => /\p{L}/u.test(text)) ?? "";
  return /\p{Script=Cyrillic}/u.test(newest) ? "ru" : "en";
}

/** The texts that the user said, oldest first. */
export function saidByUser(messages: readonly { role: "user" | "bot"; content: string }[]): string[] {
  return messages.filter(({ role }) => role === "user").map(({ content }) => content);
}
