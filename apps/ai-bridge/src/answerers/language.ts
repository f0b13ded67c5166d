/** Languages of the sentences that the bridge itself writes. */
export type Language = "en" | "ru";

/** The language of the newest text that has letters; English when none has. */
export function languageOf(texts: readonly string[]): Language {
  const newest = texts.findLast((text) => /\p{L}/u.test(text)) ?? "";
  return /\p{Script=Cyrillic}/u.test(newest) ? "ru" : "en";
}

/** The contents of the user's messages, oldest first. */
export function userTexts(messages: readonly { role: "user" | "bot"; content: string }[]): string[] {
  return messages.filter(({ role }) => role === "user").map(({ content }) => content);
}
