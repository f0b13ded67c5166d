import { beforeEach, expect, test } from "vitest";
import type { Page } from "playwright-core";
import type { Visitor } from "../src/browser.ts";
import { answers, ask, button, composer, createDialog, log, questions, signIn } from "../src/screens.ts";
import { describePlatform } from "./support/describe-platform.ts";

describePlatform("a person who asks", (platform) => {
  let visitor: Visitor;
  let page: Page;

  beforeEach(async ({ task }) => {
    visitor = await platform().visit();
    page = await visitor.open();
    await signIn(page, `Ann ${task.name}`);
    await createDialog(page, "Travel plans");
  });

  const textOfAnswer = (): Promise<string> => answers(page).last().innerText();

  test("sees each piece of the answer before the next one is said", async () => {
    await ask(page, "Where shall I go?");
    await page.getByText("Waiting for an assistant…").or(page.getByText("Thinking…")).waitFor();
    const run = await platform().worker.claim();
    expect(run.question).toBe("Where shall I go?");
    await page.getByText("Thinking…").waitFor();
    let said = "";
    for (const piece of ["To the sea,", " then to the hills,", " and home."]) {
      said += piece;
      await run.append(piece);
      await expect.poll(textOfAnswer).toContain(said);
      expect(await button(page, "Stop").isVisible()).toBe(true);
    }
    await run.complete();
    await button(page, "Send").waitFor();
    expect(await questions(page).allInnerTexts()).toEqual(["Where shall I go?"]);
    expect(await answers(page).allInnerTexts()).toEqual([said]);
  });

  test("stops an answer and keeps what had been said", async () => {
    await ask(page, "Count to a million");
    const run = await platform().worker.claim();
    await run.append("One, two, three");
    await answers(page).getByText("One, two, three").waitFor();
    await button(page, "Stop").click();
    await expect.poll(() => run.append(", four")).toBe(true);
    await run.release();
    await answers(page).getByText("Stopped. This is what had been said.").waitFor();
    await button(page, "Send").waitFor();
    await page.reload();
    await answers(page).getByText("Stopped. This is what had been said.").waitFor();
    expect(await textOfAnswer()).toMatch(/^One, two, three/);
  });

  test("is told of a failure, and asks the same again", async () => {
    await ask(page, "What is love?");
    await (await platform().worker.claim()).fail("The model is overloaded.");
    await log(page).getByText("The model is overloaded.").waitFor();
    await button(page, "Try again").click();
    const run = await platform().worker.claim();
    expect(run.question).toBe("What is love?");
    await run.complete("Baby, don't hurt me.");
    await answers(page).getByText("Baby, don't hurt me.").waitFor();
    expect(await questions(page).count()).toBe(1);
    expect(await log(page).getByText("The model is overloaded.").count()).toBe(0);
  });

  test("comes back after a reload to the answer that is growing", async () => {
    await ask(page, "Tell me a story");
    const run = await platform().worker.claim();
    await run.append("Once upon a time");
    await answers(page).getByText("Once upon a time").waitFor();
    await page.reload();
    await answers(page).getByText("Once upon a time").waitFor();
    await run.append(" there was a bot.");
    await answers(page).getByText("Once upon a time there was a bot.").waitFor();
    await run.complete();
    await button(page, "Send").waitFor();
    expect(await answers(page).count()).toBe(1);
  });

  test("sees the same at once in a second tab", async () => {
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
});
