import type { Locator, Page } from "playwright-core";

/** The elements of the pages, by role and accessible name. */
export const composer = (page: Page): Locator => page.getByRole("textbox", { name: "Your message" });
export const log = (page: Page): Locator => page.getByRole("log");
export const answers = (page: Page): Locator => log(page).getByRole("article", { name: "Deepbot" });
export const questions = (page: Page): Locator => log(page).getByRole("article", { name: "You" });
export const button = (page: Page, name: string): Locator => page.getByRole("button", { name, exact: true });
export const dialogLink = (page: Page, name: string): Locator =>
  page.getByRole("navigation", { name: "Dialogs" }).getByRole("link", { name, exact: true });

export async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel("Your name").fill(name);
  await button(page, "Sign in").click();
  await page.getByRole("heading", { name: "What would you like to talk about?" }).waitFor();
}

/** Creates a dialog on the start page. */
export async function createDialog(page: Page, name: string): Promise<void> {
  await page.getByRole("main").getByRole("textbox", { name: "Dialog name" }).fill(name);
  await page.getByRole("main").getByRole("button", { name: "Create" }).click();
  await composer(page).waitFor();
}

export async function ask(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press("Enter");
}

/** Chooses from the menu of a dialog in the list. */
export async function chooseAction(page: Page, name: string, action: string): Promise<void> {
  await button(page, `Actions for “${name}”`).click();
  await page.getByRole("menuitem", { name: action }).click();
}
