import axe from "axe-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page } from "vitest/browser";
import { showTheme } from "../../src/app/preferences.ts";
import { urls } from "../../src/app/routes.ts";
import { openApp } from "./support/open-app.tsx";
import { answers, ask, button, chooseAction, composer, log, signInHeading } from "./support/screen.ts";
import { startStandInServer, type StandInServer } from "./support/stand-in-server.ts";

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

let server: StandInServer;
let userId: number;

beforeEach(() => {
  server = startStandInServer();
  userId = (server.state.signedIn = server.state.user("kim")).id;
});

afterEach(async () => {
  showTheme("system");
  await page.viewport(desktop.width, desktop.height);
});

async function openDialog(name: string): Promise<void> {
  await openApp(urls.dialog(server.state.addDialog(userId, name)));
  await expect.element(composer()).toBeVisible();
}

interface Screen {
  name: string;
  open: () => Promise<void>;
}

const screens: Screen[] = [
  {
    name: "sign-in",
    open: async () => {
      server.state.signedIn = null;
      await openApp();
      await expect.element(signInHeading()).toBeVisible();
    },
  },
  {
    name: "start page",
    open: async () => {
      await openApp();
      await expect.element(page.getByText("Name your first dialog")).toBeVisible();
    },
  },
  { name: "empty dialog", open: () => openDialog("Empty") },
  {
    name: "answer with code",
    open: async () => {
      await openDialog("Code");
      await ask("Show me code");
      (await server.claim()).complete(codeAnswer);
      await expect.poll(() => answers().element().querySelector("code .hljs-string")).not.toBeNull();
      await expect.element(button("Send")).toBeVisible();
    },
  },
  {
    name: "streaming answer",
    open: async () => {
      await openDialog("Streaming");
      await ask("Go on");
      (await server.claim()).append("It **streams** and");
      await expect.element(answers().getByText("streams")).toBeVisible();
    },
  },
  {
    name: "failed run",
    open: async () => {
      await openDialog("Failing");
      await ask("Fail");
      (await server.claim()).fail("The model is overloaded.");
      await expect.element(button("Try again")).toBeVisible();
    },
  },
  {
    name: "dialog limit",
    open: async () => {
      for (const name of ["One", "Two", "Three", "Four", "Five"]) server.state.addDialog(userId, name);
      await openApp();
      await expect.element(page.getByRole("main").getByText("You’ve reached the limit of 5 dialogs.")).toBeVisible();
    },
  },
  {
    name: "settings",
    open: async () => {
      server.state.addDevices();
      await openApp(urls.settings());
      await expect.element(page.getByText("This device")).toBeVisible();
    },
  },
  {
    name: "confirmation of a deletion",
    open: async () => {
      await openDialog("Going");
      await chooseAction("Going", "Delete");
      await expect.element(page.getByRole("alertdialog")).toBeVisible();
    },
  },
];

/** Serious and critical violations in the current state of the page. */
async function findViolations(): Promise<string[]> {
  // A colour change is painted by the second frame.
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}

describe("a screen is accessible on desktop and phone, in light and dark", () => {
  it.each(screens)("$name", async ({ open }) => {
    await open();
    for (const { width, height } of [desktop, phone]) {
      await page.viewport(width, height);
      expect(document.documentElement.scrollWidth - innerWidth, "pixels beyond the right edge").toBeLessThanOrEqual(0);
      for (const theme of ["light", "dark"] as const) {
        showTheme(theme);
        expect(await findViolations(), `${theme}, ${width} wide`).toEqual([]);
      }
    }
  });

  it("list of dialogs on a phone", async () => {
    await openDialog("On the phone");
    await page.viewport(phone.width, phone.height);
    await button("Open dialog list").click();
    const drawer = page.getByRole("dialog", { name: "Dialogs" });
    await expect.element(drawer).toBeVisible();
    for (const theme of ["light", "dark"] as const) {
      showTheme(theme);
      expect(await findViolations(), theme).toEqual([]);
    }
    await drawer.getByRole("link", { name: "On the phone" }).click();
    await expect.element(drawer).not.toBeInTheDocument();
    await expect.element(composer()).toBeVisible();
    await expect.element(log()).toBeVisible();
  });

  it("and a violation would be noticed", async () => {
    await openApp();
    const nameless = document.createElement("button");
    nameless.append(document.createElement("i"));
    document.body.append(nameless);
    const violations = await findViolations();
    nameless.remove();
    expect(violations).toEqual([expect.stringContaining("button-name: <button><i></i></button>")]);
  });
});
