import { page, type Locator } from "vitest/browser";

/** The elements of the pages, by role and accessible name. */
export const composer = (): Locator => page.getByRole("textbox", { name: "Your message" });
export const log = (): Locator => page.getByRole("log");
export const answers = (): Locator => log().getByRole("article", { name: "Deepbot" });
export const questions = (): Locator => log().getByRole("article", { name: "You" });
export const button = (name: string): Locator => page.getByRole("button", { name, exact: true });
export const dialogLink = (name: string): Locator =>
  page.getByRole("navigation", { name: "Dialogs" }).getByRole("link", { name, exact: true });
export const signInHeading = (): Locator => page.getByRole("heading", { name: "Sign in to Deepbot" });

/** The texts of all elements that match. */
export const textsOf = (locator: Locator): (string | null)[] =>
  locator.elements().map(({ textContent }) => textContent);

export async function signIn(name: string): Promise<void> {
  await page.getByLabelText("Your name").fill(name);
  await button("Sign in").click();
}

export async function ask(text: string): Promise<void> {
  await composer().fill(text);
  await button("Send").click();
}

/** Chooses from the menu of a dialog in the list. */
export async function chooseAction(dialogName: string, action: string): Promise<void> {
  await button(`Actions for “${dialogName}”`).click();
  await page.getByRole("menuitem", { name: action }).click();
}
