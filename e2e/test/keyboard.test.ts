import type { Locator, Page } from "playwright-core";
import { beforeEach, expect, test } from "vitest";
import { answers, button, composer, dialogLink, log } from "../src/screens.ts";
import { describePlatform } from "./support/describe-platform.ts";

interface Focus {
  /** Empty when nothing has it but the page as a whole. */
  element: string;
  /** The element, or the frame that stands for it, is marked. */
  isVisible: boolean;
}

const readFocus = (page: Page): Promise<Focus> =>
  page.evaluate(() => {
    const focused = document.activeElement;
    if (focused === null || focused === document.body) return { element: "", isVisible: false };
    const isMarked = (each: Element | null): boolean => each !== null && getComputedStyle(each).outlineStyle !== "none";
    return {
      element: focused.outerHTML.slice(0, 200),
      isVisible: isMarked(focused) || isMarked(focused.parentElement),
    };
  });

const hasFocus = (locator: Locator): Promise<boolean> =>
  locator.evaluate((element) => element === document.activeElement);

describePlatform("without a mouse", (platform) => {
  let page: Page;

  beforeEach(async () => {
    const { open } = await platform().visit();
    page = await open();
  });

  /** Steps on with Tab until the wanted element has the focus, which must be in sight all the way. */
  async function tabTo(wanted: Locator, key = "Tab"): Promise<void> {
    for (let step = 0; step < 40; step += 1) {
      await page.keyboard.press(key);
      const focus = await readFocus(page);
      if (focus.element !== "") expect(focus.isVisible, `focus is to be seen on ${focus.element}`).toBe(true);
      if (await hasFocus(wanted)) return;
    }
    throw new Error(`Tab never got there: ${String(wanted)}`);
  }

  async function expectFocus(wanted: Locator): Promise<void> {
    await wanted.waitFor();
    await expect.poll(() => hasFocus(wanted), { message: String(wanted) }).toBe(true);
  }

  async function expectFocusKept(): Promise<void> {
    await expect.poll(async () => (await readFocus(page)).element).not.toBe("");
  }

  test("a person signs in, starts a dialog, asks, stops, renames and deletes", async () => {
    await expectFocus(page.getByLabel("Your name"));
    await page.keyboard.type("nora");
    await page.keyboard.press("Enter");

    await expectFocus(page.getByRole("main").getByRole("textbox", { name: "Name of the dialog" }));
    await page.keyboard.type("By hand");
    await page.keyboard.press("Enter");

    await expectFocus(composer(page));
    await page.keyboard.type("A long one");
    await page.keyboard.press("Enter");
    const run = await platform().worker.claim();
    await run.append("It begins");
    await answers(page).getByText("It begins").waitFor();
    await expectFocus(composer(page));
    await page.keyboard.press("Escape");
    await expect.poll(() => run.append(" and")).toBe(true);
    await run.release();
    await answers(page).getByText("Stopped. This is what had been said.").waitFor();
    await expectFocus(composer(page));

    await tabTo(button(page, "Try again"), "Shift+Tab");
    await page.keyboard.press("Enter");
    const second = await platform().worker.claim();
    await second.append("Again");
    await answers(page).getByText("Again").waitFor();
    await expectFocusKept();
    await tabTo(button(page, "Stop"));
    await page.keyboard.press("Space");
    await expect.poll(() => second.append(".")).toBe(true);
    await second.release();
    await button(page, "Send").waitFor();
    await expectFocusKept();

    await tabTo(button(page, "Actions for “By hand”"), "Shift+Tab");
    await page.keyboard.press("Enter");
    await expectFocus(page.getByRole("menuitem", { name: "Rename" }));
    await page.keyboard.press("Enter");
    await expectFocus(page.getByRole("navigation").getByRole("textbox", { name: "Name of the dialog" }));
    await page.keyboard.type("By heart");
    await page.keyboard.press("Enter");
    await expectFocus(dialogLink(page, "By heart"));

    await tabTo(button(page, "Actions for “By heart”"));
    await page.keyboard.press("ArrowDown");
    await expectFocus(page.getByRole("menuitem", { name: "Rename" }));
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("alertdialog").waitFor();
    await expectFocus(page.getByRole("alertdialog").getByRole("button", { name: "Cancel" }));
    await page.keyboard.press("Escape");
    await page.getByRole("alertdialog").waitFor({ state: "hidden" });
    await expectFocus(button(page, "Actions for “By heart”"));

    await page.keyboard.press("Enter");
    await expectFocus(page.getByRole("menuitem", { name: "Rename" }));
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await tabTo(page.getByRole("alertdialog").getByRole("button", { name: "Delete" }));
    await page.keyboard.press("Enter");
    await page.getByText("No dialogs yet.").waitFor();
    await expectFocusKept();
  });

  test("a person reads on: the messages scroll, and a link skips the list", async () => {
    await expectFocus(page.getByLabel("Your name"));
    await page.keyboard.type("olga");
    await page.keyboard.press("Enter");
    await expectFocus(page.getByRole("main").getByRole("textbox", { name: "Name of the dialog" }));
    await page.keyboard.type("To read");
    await page.keyboard.press("Enter");
    await expectFocus(composer(page));
    await page.keyboard.type("A long text");
    await page.keyboard.press("Enter");
    const run = await platform().worker.claim();
    await run.complete(Array.from({ length: 80 }, (_, index) => `Line ${index + 1}`).join("\n\n"));
    await answers(page).getByText("Line 80").waitFor();
    await tabTo(log(page), "Shift+Tab");
    const place = (): Promise<number> => log(page).evaluate((view) => view.scrollTop);
    const end = await place();
    await page.keyboard.press("PageUp");
    await expect.poll(place).toBeLessThan(end);
    await page.reload();
    await composer(page).waitFor();
    await tabTo(page.getByRole("link", { name: "Skip to the conversation" }), "Shift+Tab");
    await page.keyboard.press("Enter");
    await expectFocus(page.getByRole("main"));
  });
});
