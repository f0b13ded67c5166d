import { beforeEach, describe, expect, test } from "vitest";
import type { Page } from "playwright-core";
import type { Visitor } from "../../src/browser.ts";
import {
  answers,
  ask,
  button,
  chooseAction,
  composer,
  createDialog,
  dialogLink,
  log,
  questions,
  signIn,
} from "../../src/screens.ts";
import { numberedTexts, seedDialog } from "../../src/seed.ts";
import type { TestPlatform } from "../support/describe-platform.ts";

export function answersSuite(platform: () => TestPlatform): void {
  describe("a conversation through the whole platform", () => {
    let visitor: Visitor;
    let page: Page;

    beforeEach(async ({ task }) => {
      visitor = await platform().visit();
      page = await visitor.open();
      await signIn(page, `Ann ${task.name}`);
      await createDialog(page, "Travel plans");
    });

    const textOfAnswer = (): Promise<string> => answers(page).last().innerText();

    test("nginx passes on each delta before the worker sends the next", async () => {
      await ask(page, "Where shall I go?");
      await page.getByText("Waiting for an assistant…").or(page.getByText("Thinking…")).waitFor();
      const run = await platform().worker.claim();
      expect(run.question).toBe("Where shall I go?");
      await page.getByText("Thinking…").waitFor();
      let text = "";
      for (const delta of ["To the sea,", " then to the hills,", " and home."]) {
        text += delta;
        await run.append(delta);
        await expect.poll(textOfAnswer).toContain(text);
        expect(await button(page, "Stop").isVisible()).toBe(true);
      }
      await run.complete();
      await button(page, "Send").waitFor();
      expect(await questions(page).allInnerTexts()).toEqual(["Where shall I go?"]);
      expect(await answers(page).allInnerTexts()).toEqual([text]);
    });

    test("a stopped answer keeps its text, after a reload too, and can be asked again", async () => {
      await ask(page, "Count to a million");
      const run = await platform().worker.claim();
      await run.append("One, two, three");
      await answers(page).getByText("One, two, three").waitFor();
      await button(page, "Stop").click();
      await expect.poll(() => run.append(", four")).toBe(true);
      await run.release();
      await answers(page).getByText("You stopped this answer.").waitFor();
      await button(page, "Send").waitFor();
      await page.reload();
      await answers(page).getByText("You stopped this answer.").waitFor();
      expect(await textOfAnswer()).toMatch(/^One, two, three/);
      await button(page, "Try again").click();
      const second = await platform().worker.claim();
      expect(second.question).toBe("Count to a million");
      await second.complete("No.");
      await answers(page).getByText("No.").waitFor();
    });

    test("a second tab shows the same at once", async () => {
      const second = await visitor.open(new URL(page.url()).pathname);
      await composer(second).waitFor();
      await ask(page, "Do you see me?");
      const run = await platform().worker.claim();
      await questions(second).getByText("Do you see me?").waitFor();
      await run.append("In both");
      await answers(second).getByText("In both").waitFor();
      await answers(page).getByText("In both").waitFor();
      await run.complete("In both tabs.");
      await answers(second).getByText("In both tabs.").waitFor();
      await button(second, "Send").waitFor();
      expect(await answers(second).allInnerTexts()).toEqual(await answers(page).allInnerTexts());
    });

    test("dialogs are renamed and deleted, and a long one loads all of its messages", async () => {
      await chooseAction(page, "Travel plans", "Rename");
      const nameField = page.getByRole("navigation").getByRole("textbox", { name: "Dialog name" });
      await nameField.fill("Old plans");
      await nameField.press("Enter");
      await dialogLink(page, "Old plans").waitFor();
      await chooseAction(page, "Old plans", "Delete");
      await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
      await page.getByText("No dialogs yet.").waitFor();

      const { database } = platform();
      const texts = numberedTexts(200);
      const email = await page.getByText("@example.com").first().innerText();
      const dialogId = await seedDialog(database, { email, name: "Long", texts });
      await page.goto(`/chat/${dialogId}`);
      await log(page).getByText("Message 200 of 200").waitFor();
      const articles = log(page).getByRole("article");
      await log(page).hover();
      await expect
        .poll(
          async () => {
            await page.mouse.wheel(0, -3_000);
            return articles.count();
          },
          { interval: 20, timeout: 30_000 },
        )
        .toBe(200);
      expect(await articles.evaluateAll((all) => all.map((each) => each.textContent))).toEqual(texts);
    });
  });
}
