import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { findBarriers } from "../src/axe.ts";
import { answers, ask, button, chooseAction, composer, createDialog, log, signIn } from "../src/screens.ts";
import { numberedTexts, seedDialog } from "../src/seed.ts";
import { describePlatform, type TestPlatform } from "./support/describe-platform.ts";

const phone = { width: 360, height: 740 };
const desktop = { width: 1280, height: 800 };

const codeAnswer = [
  "## A plan",
  "First **this**, then [that](https://example.com/), and `code`.",
  '```ts\nconst answer: number = 42; // the answer\nconsole.log("six by nine", answer);\n```',
  "| a | b |\n|---|---|\n| 1 | 2 |",
  "- [x] done\n- [ ] open",
  "> a quote",
].join("\n\n");

interface Screen {
  name: string;
  /** Leads a person who has just signed in there. */
  reach: (page: Page, platform: TestPlatform, person: string) => Promise<void>;
}

const screens: Screen[] = [
  { name: "welcome", reach: async () => {} },
  {
    name: "empty dialog",
    reach: (page) => createDialog(page, "Empty"),
  },
  {
    name: "answer with code",
    reach: async (page, { worker }) => {
      await createDialog(page, "Code");
      await ask(page, "Show me code");
      await (await worker.claim()).complete(codeAnswer);
      // Coloured by now.
      await answers(page).locator("code .hljs-string").waitFor();
      await button(page, "Send").waitFor();
    },
  },
  {
    name: "growing answer",
    reach: async (page, { worker }) => {
      await createDialog(page, "Growing");
      await ask(page, "Go on");
      await (await worker.claim()).append("It **grows** and");
      await answers(page).getByText("grows").waitFor();
    },
  },
  {
    name: "failure",
    reach: async (page, { worker }) => {
      await createDialog(page, "Failing");
      await ask(page, "Fail");
      await (await worker.claim()).fail("The model is overloaded.");
      await button(page, "Try again").waitFor();
    },
  },
  {
    name: "limit of dialogs",
    reach: async (page, { database }, person) => {
      for (const name of ["One", "Two", "Three", "Four", "Five"]) {
        await seedDialog(database, { email: `${person}@example.com`, name, texts: numberedTexts(2) });
      }
      await page.reload();
      await page.getByRole("main").getByText("You have all 5 dialogs. Delete one to start another.").waitFor();
    },
  },
  {
    name: "settings",
    reach: async (page) => {
      await page.getByRole("link", { name: "Settings" }).click();
      await page.getByText("This device").waitFor();
    },
  },
  {
    name: "confirmation of a deletion",
    reach: async (page) => {
      await createDialog(page, "Going");
      await chooseAction(page, "Going", "Delete");
      await page.getByRole("alertdialog").waitFor();
    },
  },
];

describePlatform("no screen shuts anybody out", (platform) => {
  async function visitStill(): Promise<Page> {
    const visitor = await platform().visit({ viewport: desktop, reducedMotion: "reduce" });
    return visitor.open();
  }

  /** In light and dark, on a desktop and on a phone. */
  async function expectNoBarriers(page: Page): Promise<void> {
    const found: Record<string, string[]> = {};
    for (const viewport of [desktop, phone]) {
      await page.setViewportSize(viewport);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        found[`${colorScheme}, ${viewport.width} wide`] = await findBarriers(page);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(overflow, "pixels beyond the right edge").toBeLessThanOrEqual(0);
      }
    }
    for (const [variant, barriers] of Object.entries(found)) expect(barriers, variant).toEqual([]);
  }

  test("sign-in", async () => {
    const page = await visitStill();
    await page.getByLabel("Your name").waitFor();
    await expectNoBarriers(page);
  });

  test.each(screens.map((screen, index) => ({ ...screen, person: `kim${index}` })))(
    "$name",
    async ({ reach, person }) => {
      const page = await visitStill();
      await signIn(page, person);
      await reach(page, platform(), person);
      await expectNoBarriers(page);
    },
  );

  test("list of dialogs on a phone", async () => {
    const page = await visitStill();
    await signIn(page, "lea");
    await createDialog(page, "On the phone");
    await page.setViewportSize(phone);
    await button(page, "Open the list of dialogs").click();
    await page.getByRole("dialog", { name: "Dialogs" }).waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await findBarriers(page), colorScheme).toEqual([]);
    }
    await page.getByRole("dialog").getByRole("link", { name: "On the phone" }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    expect(await composer(page).isVisible()).toBe(true);
    expect(await log(page).isVisible()).toBe(true);
  });

  test("would be noticed", async () => {
    const page = await visitStill();
    await page.getByLabel("Your name").waitFor();
    await page.evaluate(() => {
      const nameless = document.createElement("button");
      nameless.append(document.createElement("i"));
      document.body.append(nameless);
    });
    expect(await findBarriers(page)).toEqual([expect.stringContaining("button-name: <button><i></i></button>")]);
  });
});
