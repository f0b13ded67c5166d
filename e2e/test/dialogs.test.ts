import type { Page } from "playwright-core";
import { beforeEach, expect, test } from "vitest";
import type { Visitor } from "../src/browser.ts";
import { button, chooseAction, composer, createDialog, dialogLink, log, signIn } from "../src/screens.ts";
import { numberedTexts, seedDialog } from "../src/seed.ts";
import { describePlatform } from "./support/describe-platform.ts";

/** Makes dialogs behind the page's back, as another device would. */
async function createElsewhere(page: Page, names: readonly string[]): Promise<void> {
  const statuses = await page.evaluate(async (all) => {
    const seen: number[] = [];
    for (const name of all) {
      const body = JSON.stringify({ dialog_name: name });
      const headers = { "content-type": "application/json" };
      seen.push((await fetch("/dialogs/create", { method: "POST", headers, body })).status);
    }
    return seen;
  }, names);
  expect(statuses).toEqual(names.map(() => 200));
}

describePlatform("a person's dialogs", (platform) => {
  let visitor: Visitor;
  let page: Page;
  let people = 0;
  let name: string;

  beforeEach(async () => {
    visitor = await platform().visit();
    page = await visitor.open();
    people += 1;
    name = `bea${people}`;
    await signIn(page, name);
  });

  const nameField = () => page.getByRole("navigation").getByRole("textbox", { name: "Name of the dialog" });

  test("are five at most: the sixth is refused with a hint what to do", async () => {
    await createDialog(page, "First of all");
    await createElsewhere(page, ["Second", "Third", "Fourth"]);
    await page.reload();
    await page.getByText("4 of 5 dialogs").waitFor();
    await button(page, "New dialog").click();
    await nameField().fill("Sixth");
    await createElsewhere(page, ["Fifth"]);
    await nameField().press("Enter");
    await page.getByText("You have as many dialogs as are allowed. Delete one first.").waitFor();
    await nameField().press("Escape");
    await page.getByText("You have all 5 dialogs. Delete one to start another.").waitFor();
    expect(await button(page, "New dialog").isDisabled()).toBe(true);
    expect(await dialogLink(page, "Sixth").count()).toBe(0);
  });

  test("are renamed in place", async () => {
    await createDialog(page, "Old name");
    await chooseAction(page, "Old name", "Rename");
    expect(await nameField().inputValue()).toBe("Old name");
    await nameField().fill("New name");
    await nameField().press("Enter");
    await dialogLink(page, "New name").waitFor();
    await page.getByRole("heading", { level: 1, name: "New name" }).waitFor();
    await page.reload();
    await dialogLink(page, "New name").waitFor();
    expect(await dialogLink(page, "Old name").count()).toBe(0);
  });

  test("are deleted only after a confirmation", async () => {
    await createDialog(page, "Short lived");
    const confirmation = page.getByRole("alertdialog", { name: "Delete “Short lived”?" });
    await chooseAction(page, "Short lived", "Delete");
    await confirmation.getByRole("button", { name: "Cancel" }).click();
    await confirmation.waitFor({ state: "hidden" });
    expect(await dialogLink(page, "Short lived").isVisible()).toBe(true);
    await chooseAction(page, "Short lived", "Delete");
    await confirmation.getByRole("button", { name: "Delete" }).click();
    await page.getByText("No dialogs yet.").waitFor();
    expect(new URL(page.url()).pathname).toBe("/");
    await page.goBack();
    await page.getByText("This dialog does not exist, or it was deleted.").waitFor();
  });

  test("each keep what is being written, over a reload too", async () => {
    await createDialog(page, "Here");
    await createElsewhere(page, ["There"]);
    await page.reload();
    await composer(page).fill("half a thought");
    await dialogLink(page, "There").click();
    await page.getByRole("heading", { level: 1, name: "There" }).waitFor();
    expect(await composer(page).inputValue()).toBe("");
    await composer(page).fill("another one");
    await page.reload();
    await expect.poll(() => composer(page).inputValue()).toBe("another one");
    await dialogLink(page, "Here").click();
    await expect.poll(() => composer(page).inputValue()).toBe("half a thought");
  });

  test("show their older messages to who scrolls up, and stay where they are meanwhile", async () => {
    const texts = numberedTexts(1_000);
    const dialogId = await seedDialog(platform().database, { email: `${name}@example.com`, name: "Long", texts });
    await page.goto(`/chat/${dialogId}`);
    await log(page).getByText("Message 1000 of 1000").waitFor();
    expect(await log(page).getByText("Message 1000 of 1000").isVisible()).toBe(true);
    const articles = log(page).getByRole("article");
    const loaded = (): Promise<number> => articles.count();
    expect(await loaded()).toBeLessThan(200);
    await log(page).hover();
    await expect
      .poll(
        async () => {
          await page.mouse.wheel(0, -3_000);
          return loaded();
        },
        { interval: 20, timeout: 30_000 },
      )
      .toBe(1_000);
    await expect
      .poll(async () => {
        await page.mouse.wheel(0, -20_000);
        return log(page).getByText("The beginning of this dialog").isVisible();
      })
      .toBe(true);
    const shown = await articles.evaluateAll((all) => all.map((each) => each.textContent));
    expect(shown).toEqual(texts);
    await button(page, "To the newest message").click();
    await expect
      .poll(() => log(page).evaluate((view) => view.scrollHeight - view.scrollTop - view.clientHeight))
      .toBeLessThan(2);
  });

  test("speak Russian when asked to, and after a reload", async () => {
    await createDialog(page, "Any name");
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("radio", { name: "Русский" }).click();
    await page.getByRole("heading", { level: 1, name: "Настройки" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { level: 1, name: "Настройки" }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("ru");
    await page.getByRole("navigation", { name: "Диалоги" }).getByRole("link", { name: "Any name" }).click();
    await page.getByRole("textbox", { name: "Ваше сообщение" }).fill("Здравствуй");
    await page.getByRole("button", { name: "Отправить" }).click();
    await (await platform().worker.claim()).fail("Модель занята.");
    await log(page).getByText("Модель занята.").waitFor();
  });
});
